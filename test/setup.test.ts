import { describe, expect, it } from 'vitest';
import type { Overrides } from '../src/app.ts';
import type { Config } from '../src/config/schema.ts';
import { Pool } from '../src/core/pool.ts';
import type { Account, JsonValue } from '../src/core/types.ts';
import type { Destination } from '../src/destinations.ts';
import type { DuoApi } from '../src/duo/api.ts';
import { CallCounts } from '../src/duo/counted-calls.ts';
import { AnswerCache } from '../src/engine/answer-cache.ts';
import type { Feed } from '../src/engine/feed.ts';
import type { OpenSource } from '../src/feeds.ts';
import { readSetup, type Setup, type SharedParts } from '../src/setup.ts';
import { account, bench } from './engine/parts.ts';
import { twoServers } from './helpers/config.ts';

function shared(overrides: Overrides = {}) {
  const { clock, log } = bench();
  const learned = new Map<string, JsonValue>();
  const closed: string[] = [];
  const ended: Feed[] = [];
  const parts: SharedParts = {
    clock,
    log,
    extraCa: undefined,
    overrides,
    learned: { get: (key) => learned.get(key), set: (key, value) => void learned.set(key, value) },
    deadLetters: { add: async () => undefined },
    cache: new AnswerCache(),
    calls: new CallCounts(),
    apis: new Pool<DuoApi>(async (api) => {
      closed.push('duo');
      await api.close();
    }),
    destinations: new Pool<Destination>(async ({ config, sink }) => {
      closed.push(config.id);
      await sink.close();
    }),
    sources: new Pool<OpenSource>((source) => source.close()),
    ended: (feed) => void ended.push(feed),
  };
  return { parts, clock, closed, ended };
}

const open = (setup: Setup, accounts: readonly Account[] = [account]) =>
  setup.wanted(accounts).map((wanted) => wanted.open());

async function fingerprints(config: Config, of = account): Promise<Record<string, string>> {
  const setup = await readSetup(config, shared().parts);
  const wanted = setup.wanted([of]).map(({ id, fingerprint }) => [id, fingerprint] as const);
  return Object.fromEntries(wanted);
}

/** The feeds that a second config starts anew. */
async function changedBy(change: (config: Config) => Config): Promise<string[]> {
  const config = await twoServers();
  const [before, after] = [await fingerprints(config), await fingerprints(change(config))];
  return Object.keys(before).filter((id) => after[id] !== undefined && after[id] !== before[id]);
}

describe('the feeds of a config', () => {
  it('share one source for each account and endpoint, and one set of places for each server', async () => {
    const feeds = open(await readSetup(await twoServers(), shared().parts)).map(({ feed }) => feed);
    const [authA, authB, adminB] = feeds;
    expect(feeds.map(({ id }) => id)).toEqual([
      'auth > a',
      'auth > b',
      'adminaction > b',
      'trustmonitor > b',
    ]);
    expect(authA?.source).toBe(authB?.source);
    expect(authB?.source).not.toBe(adminB?.source);
    expect(authB?.slots).toBe(adminB?.slots);
    expect(authA?.slots).not.toBe(authB?.slots);
  });

  it('go to standard output once, as to the first of the servers', async () => {
    const { parts } = shared({ stdout: process.stdout });
    const setup = await readSetup(await twoServers(), parts);
    const child = { id: 'DA1', name: 'One', apiHost: 'c1.test' };
    expect(setup.wanted([account, child]).map(({ id }) => id)).toEqual([
      'auth > a',
      'adminaction > b',
      'trustmonitor > b',
      'auth DA1 > a',
      'adminaction DA1 > b',
      'trustmonitor DA1 > b',
    ]);
  });

  it('are only those that the command line names', async () => {
    const setup = await readSetup(await twoServers(), shared({ only: ['adminaction'] }).parts);
    expect(setup.wanted([account]).map(({ id }) => id)).toEqual(['adminaction > b']);
  });

  it("begin as far back as their server's `offset` says, else the file's", async () => {
    const { parts, clock } = shared();
    const setup = await readSetup(await twoServers(['offset: 30'], ['offset: 1']), parts);
    const daysAgo = (server: string): number =>
      (clock.nowMs() - setup.sinceMs(server)) / 86_400_000;
    expect([daysAgo('a'), daysAgo('b')]).toEqual([1, 30]);
  });
});

describe('another reading of the config', () => {
  const api = (config: Config, more: Partial<Config['dls_settings']['api']>): Config => {
    const { dls_settings } = config;
    return { ...config, dls_settings: { ...dls_settings, api: { ...dls_settings.api, ...more } } };
  };
  const server = (config: Config, more: Partial<Config['servers'][number]>): Config => {
    const [first, ...others] = config.servers;
    if (first === undefined) throw new Error('no server');
    return { ...config, servers: [{ ...first, ...more }, ...others] };
  };
  const all = ['auth > a', 'auth > b', 'adminaction > b', 'trustmonitor > b'];

  it.each<[string, (config: Config) => Config, readonly string[]]>([
    ['the same', (config) => config, []],
    ['another port of a server', (config) => server(config, { port: 9 }), ['auth > a']],
    ['another format of a server', (config) => server(config, { log_format: 'CEF' }), ['auth > a']],
    ['where new feeds begin', (config) => server(api(config, { offset: 3 }), { offset: 2 }), []],
    ['heartbeats of a server', (config) => server(config, { heartbeat_seconds: 60 }), []],
    ['another pause between polls', (config) => api(config, { timeout: 600 }), all],
    ['another look-back', (config) => api(config, { lookback_minutes: 90 }), all],
    [
      'another secret key',
      (config) => {
        const skey = config.account.skey;
        const other = Object.assign(Object.create(skey) as typeof skey, { reveal: () => 'other' });
        return { ...config, account: { ...config.account, skey: other } };
      },
      all,
    ],
    [
      'whom an MSP leaves out',
      (config) => ({ ...config, account: { ...config.account, block_list: ['x'] } }),
      [],
    ],
  ])('starts anew what depends on the change and nothing else: %s', async (_what, change, ids) => {
    expect(await changedBy(change)).toEqual(ids);
  });

  it('starts a child anew that has another name or host', async () => {
    const config = await twoServers();
    const child = { id: 'DA1', name: 'One', apiHost: 'c1.test' };
    const [before, renamed, moved] = await Promise.all([
      fingerprints(config, child),
      fingerprints(config, { ...child, name: 'Other' }),
      fingerprints(config, { ...child, apiHost: 'c2.test' }),
    ]);
    const id = 'auth DA1 > a';
    expect(new Set([before[id], renamed[id], moved[id]]).size).toBe(3);
  });

  it('never shows a secret in what it compares', async () => {
    const texts = Object.values(await fingerprints(await twoServers()));
    expect(texts.join()).not.toContain('abcdefghij');
  });

  it('keeps what is still used, and closes what is not', async () => {
    const { parts, closed, ended } = shared();
    const config = await twoServers();
    const first = await readSetup(config, parts);
    const before = open(first);
    const second = await readSetup(server(config, { port: 9 }), parts);
    first.end();
    const again = open(second).find(({ feed }) => feed.id === 'auth > a');
    expect(parts.destinations.values).toHaveLength(3);
    expect(second.api).toBe(first.api);
    before.find(({ feed }) => feed.id === 'auth > a')?.close();
    expect([closed, ended.map(({ id }) => id)]).toEqual([['a'], ['auth > a']]);
    expect(again?.feed.source).toBe(before[1]?.feed.source);
    again?.close();
    second.end();
    await Promise.all([parts.sources.close(), parts.destinations.close(), parts.apis.close()]);
    expect([...closed].sort()).toEqual(['a', 'a', 'b', 'duo']);
  });
});
