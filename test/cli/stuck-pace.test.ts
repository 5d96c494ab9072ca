import { describe, expect, it } from 'vitest';
import { giveUpAfterSeconds } from '../../src/cli/stuck.ts';

describe('run --once gives up', () => {
  it('about two minutes after the last progress', () => {
    expect(giveUpAfterSeconds(1, [undefined])).toBe(121);
    expect(giveUpAfterSeconds(4, [undefined, 50_000])).toBe(124);
  });

  it('never while a page is still being sent at the pace that the config sets', () => {
    // One page of each of four feeds, five events a second: 800 seconds.
    expect(giveUpAfterSeconds(4, [undefined, 5])).toBeGreaterThan(800);
    expect(giveUpAfterSeconds(1, [0.5])).toBeGreaterThan(2_000);
  });
});
