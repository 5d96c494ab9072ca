import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { query } from '../../src/config/query-settings.ts';
import { goodConfig, loadText, shownProblems } from './loading.ts';

const settings = z.strictObject(query);

describe('settings of the query port', () => {
  it('open none unless a port is named, then at all addresses', () => {
    expect(settings.parse({})).toEqual({});
    expect(settings.parse({ query_port: 2681 })).toEqual({ query_port: 2681 });
  });

  const problems = async (address: string): Promise<string> => {
    const line = `dls_settings:\n  query_address: '${address}'\n`;
    return shownProblems(await loadText(goodConfig(['dls_settings:\n', line])));
  };

  it.each(['127.0.0.1', '::1', '0.0.0.0', '::', 'fd00::1'])(
    'take the address %s',
    async (address) => {
      expect(await problems(address)).toBe('');
    },
  );

  it.each(['localhost', '127.0.0.300', '0.0.0.0/0'])('refuse %s with the fix', async (address) => {
    const told = await problems(address);
    expect(told).toContain(`3:18: error: ${address} is no IP address`);
    expect(told).toContain("fix: Write an address of this machine, such as '127.0.0.1'");
  });

  it.each([
    { query_port: 0 },
    { query_port: 65_536 },
    { query_port: '2681' },
    { query_address: '' },
  ])('refuse %j', (wrong) => {
    expect(settings.safeParse(wrong).success).toBe(false);
  });
});
