import { describe, expect, it, vi } from 'vitest';
import { defaultLayout, duoWatcherLayout } from '../src/core/path-template.ts';
import { formatOf, formatOptions, openDestination, serverOptions } from '../src/destinations.ts';
import { sinks } from '../src/sinks/index.ts';
import { FakeSink } from './engine/parts.ts';
import { twoServers } from './helpers/config.ts';
import { testTools } from './sinks/helpers/tools.ts';

describe("a server's options", () => {
  it('are those of the file, in the spelling of the sinks; what is not set is left out', async () => {
    const { servers } = await twoServers([], ['confirm: none', 'max_events_per_second: 50']);
    const plain = { protocol: 'TCP', hostname: 'localhost' };
    expect(servers.map(serverOptions)).toEqual([
      { ...plain, id: 'a', port: 1, confirm: 'none', maxEventsPerSecond: 50 },
      { ...plain, id: 'b', port: 2 },
    ]);
  });

  it('of an archive are its directory, its layout and how long files stay', async () => {
    const config = await twoServers();
    const [a] = config.servers;
    if (a === undefined) throw new Error('two servers');
    const file = { ...a, protocol: 'FILE', directory: '/duo', hostname: '/duo', port: 0 } as const;
    expect(serverOptions(file).archive).toEqual({ directory: '/duo', layout: defaultLayout });
    const own = { path: '{endpoint}', time_zone: 'local', retention_days: 3 } as const;
    expect(serverOptions({ ...file, ...own }).archive).toEqual({
      directory: '/duo',
      layout: { template: '{endpoint}', timeZone: 'local' },
      retentionDays: 3,
    });
    expect(serverOptions({ ...file, preset: 'duo_watcher' }).archive?.layout).toBe(
      duoWatcherLayout,
    );
  });

  it('of replay are its own, else those that hold for all', async () => {
    const config = await twoServers([], ['replay_groups: 0']);
    const [a, b] = config.servers;
    if (a === undefined || b === undefined) throw new Error('two servers');
    const seen: number[] = [];
    const open = vi.spyOn(sinks.TCP, 'open').mockImplementation((_server, { timing }) => {
      seen.push(timing.replayGroups);
      return new FakeSink();
    });
    for (const server of [a, b]) openDestination(server, config, testTools(), undefined);
    open.mockRestore();
    expect(seen).toEqual([0, 2]);
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
