import { describe, expect, it } from 'vitest';
import { backfillPart, type BackfillParts, backfillHost } from '../src/backfill-parts.ts';
import type { BackfillProgress } from '../src/backfill/progress.ts';
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

describe('what the program shows of a backfill', () => {
  it('is the one that runs as a whole, with the first of what is in its way', () => {
    const row = {
      name: 'auth',
      endpoint: 'auth',
      feeds: 2,
      done: 1,
      failed: 0,
      sent: 30,
      total: 60,
    };
    const times = { from: '2026-11-01', to: null, at: null };
    const progress: BackfillProgress = {
      ...{ schema_version: 1, key: 'k', state: 'running', dry_run: false, done_before: null },
      ...{ since: '2026-11-01T00:00:00.000Z', until: '2026-11-08T00:00:00.000Z' },
      ...{ elapsed_seconds: 9, sent: 30, set_aside: 0, notes: [], problem_count: 2 },
      duo: { limited: 0, wait_seconds: 0 },
      rows: [{ ...row, ...times, state: 'trouble', part: 0.5, rate: 3.5, eta_seconds: 8 }],
      problems: ['duo_forbidden', 'server_refused'].map((code) => {
        return { feed: 'x', code, message: 'no', hint: null, next_try: null };
      }),
    };
    expect(backfillPart({ progress })).toEqual({
      ...{ dry_run: false, since: progress.since, until: progress.until, elapsed_seconds: 9 },
      ...{ feeds: 2, done: 1, failed: 0, sent: 30, part: 0.5, rate: 3.5, eta_seconds: 8 },
      problem: 'duo_forbidden',
    });
    expect(backfillPart({ progress: { ...progress, problems: [] } })?.problem).toBeNull();
    expect(backfillPart({ progress: undefined })).toBeUndefined();
  });
});
