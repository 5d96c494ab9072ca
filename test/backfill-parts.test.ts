import { describe, expect, it } from 'vitest';
import { type BackfillParts, backfillHost } from '../src/backfill-parts.ts';
import type { Account } from '../src/core/types.ts';
import { Setup, type SharedParts } from '../src/setup.ts';
import { CallCounts } from '../src/duo/counted-calls.ts';
import { AnswerCache } from '../src/engine/answer-cache.ts';
import { Pool } from '../src/core/pool.ts';
import type { AppOptions } from '../src/app.ts';
import { bench } from './engine/parts.ts';
import { twoServers } from './helpers/config.ts';

async function host(isLive: boolean) {
  const { clock, log, tools } = bench();
  const config = await twoServers();
  const shared: SharedParts = {
    ...{ clock, log, extraCa: undefined, overrides: {}, cache: new AnswerCache() },
    ...{ calls: new CallCounts(), apis: new Pool((api) => api.close()) },
    destinations: new Pool(({ sink }) => sink.close()),
    sources: new Pool((source) => source.close()),
    learned: { get: () => undefined, set: () => undefined },
    deadLetters: { add: async () => undefined },
    ended: () => undefined,
  };
  const options: Partial<AppOptions> = { config, clock, log, stateDirectory: undefined };
  let setup = new Setup(config, shared, '');
  let accounts: readonly Account[] = [];
  const parts: BackfillParts = {
    ...{ options: options as AppOptions, feedTools: tools(), setup: () => setup },
    ...{ isLive: () => isLive, accounts: () => accounts },
  };
  const main = { id: undefined, name: 'main', apiHost: 'api-12345678.duosecurity.com' };
  return {
    host: backfillHost(parts),
    listed: () => (accounts = [main]),
    reload: async () => (setup = new Setup(await twoServers([], ['log_format: CEF']), shared, '')),
    close: () => Promise.all([shared.sources.close(), shared.destinations.close()]),
  };
}

describe('what a backfill sees of the program', () => {
  it('is the feeds of the running program, none of which is known before the accounts are', async () => {
    const { host: seen, listed } = await host(true);
    await expect(seen.feeds()).rejects.toMatchObject({ code: 'not_ready' });
    listed();
    const feeds = await seen.feeds();
    expect(feeds.map(({ id }) => id)).toEqual([
      'auth > a',
      'auth > b',
      'adminaction > b',
      'trustmonitor > b',
    ]);
    expect(seen.serverIds()).toEqual(['a', 'b']);
  });

  it('is the feed as the config says now, with all that it shares', async () => {
    const { host: seen, listed, reload, close } = await host(true);
    listed();
    const before = seen.feed('auth > a');
    expect(seen.feed('auth > a')).toBe(before);
    await reload();
    expect(seen.feed('auth > a')).not.toBe(before);
    expect(seen.feed('auth > gone')).toBeUndefined();
    const open = seen.feed('auth > a')?.open();
    expect(open?.feed.id).toBe('auth > a');
    open?.close();
    await close();
  });

  it('is the account of the config when no program runs', async () => {
    const { host: seen } = await host(false);
    expect((await seen.feeds()).map(({ account }) => account.name)).toContain(
      'api-12345678.duosecurity.com',
    );
  });
});
