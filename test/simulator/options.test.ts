import { describe, expect, it } from 'vitest';
import { defaultAccount, defaultSwitches, maximumAgeMs } from '../../src/simulator/options.ts';

describe('a simulator without options', () => {
  it('has an account whose keys look like those of Duo', () => {
    expect(defaultAccount.ikey).toMatch(/^DI[A-Z0-9]{18}$/);
    expect(defaultAccount.skey).toHaveLength(40);
  });

  it('behaves as most sources say that Duo does', () => {
    expect(defaultSwitches).toMatchObject({
      nextOffsetOnLastPage: true,
      order: 'us',
      oddChunks: false,
      shuffledSeconds: false,
    });
    expect(maximumAgeMs).toBe(15_552_000_000);
  });
});
