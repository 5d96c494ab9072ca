import { describe, expect, it } from 'vitest';
import { formatOf, formatOptions, serverOptions } from '../src/destinations.ts';
import { twoServers } from './helpers/config.ts';

describe("a server's options", () => {
  it('are those of the file, in the spelling of the sinks; what is not set is left out', async () => {
    const { servers } = await twoServers([], ['confirm: none', 'max_events_per_second: 50']);
    const plain = { protocol: 'TCP', hostname: 'localhost' };
    expect(servers.map(serverOptions)).toEqual([
      { ...plain, id: 'a', port: 1, confirm: 'none', maxEventsPerSecond: 50 },
      { ...plain, id: 'b', port: 2 },
    ]);
  });

  it('of format are its own, else those that hold for all', async () => {
    const config = await twoServers([], ['log_format: CEF', 'cef_vendor: Mine']);
    const [a, b] = config.servers;
    if (a === undefined || b === undefined) throw new Error('two servers');
    expect([formatOf(a, config), formatOf(b, config)]).toEqual(['CEF', 'JSON']);
    expect(formatOptions(a, config).cefVendor).toBe('Mine');
    expect(formatOptions(b, config).cefVendor).toBe('Duo Security');
  });
});
