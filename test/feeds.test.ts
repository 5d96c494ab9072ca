import { describe, expect, it } from 'vitest';
import type { Destination, Overrides } from '../src/app.ts';
import { loadConfig } from '../src/config/load.ts';
import type { Config } from '../src/config/schema.ts';
import type { JsonValue } from '../src/core/types.ts';
import { AnswerCache } from '../src/engine/answer-cache.ts';
import { planFeeds } from '../src/engine/plan.ts';
import { Slots } from '../src/engine/slots.ts';
import { buildFeeds, type FeedParts, OpenFeeds } from '../src/feeds.ts';
import { startDuo } from '../src/simulator/duo-server.ts';
import { account, bench, FakeSink, never } from './engine/parts.ts';
import { rest } from './engine/test-clock.ts';
import { makeWorkplace } from './helpers/program.ts';

async function configWith(...api: readonly string[]): Promise<Config> {
  const duo = await startDuo();
  const [auth, rest] = [['auth'], ['auth', 'adminaction', 'trustmonitor']];
  const siem = { protocol: 'TCP', port: 1 } as const;
  const servers = [
    { ...siem, id: 'a', endpoints: auth },
    { ...siem, id: 'b', endpoints: rest },
  ];
  const workplace = await makeWorkplace(duo, servers, api);
  const loaded = await loadConfig(workplace.configFile, { env: {}, platform: process.platform });
  await Promise.all([duo.close(), workplace.remove()]);
  if (loaded.config === undefined) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

async function build(api: readonly string[] = [], overrides: Overrides = {}) {
  const parts = bench();
  const config = await configWith(...api);
  const learned = new Map<string, JsonValue>();
  const formatter = parts.feed('a').formatter;
  const destinations = new Map(
    config.servers.map((server): [string, Destination] => [
      server.id,
      { config: server, sink: new FakeSink(), formatter, slots: new Slots() },
    ]),
  );
  const planned = planFeeds([account], config.account.endpoint_server_mappings);
  const all: FeedParts = {
    config,
    paths: { directory: '', logFile: '', dlsDirectories: [] },
    stateDirectory: undefined,
    clock: parts.clock,
    log: parts.log,
    sender: 'here',
    extraCa: undefined,
    overrides,
    api: parts.duo,
    learned: { get: (key) => learned.get(key), set: (key, value) => void learned.set(key, value) },
    destinations,
  };
  const feeds = buildFeeds(planned, all, new AnswerCache(), never);
  const mappings = config.account.endpoint_server_mappings;
  const open = new OpenFeeds(all, (of) => planFeeds([of], mappings));
  return { ...parts, feeds, learned, open };
}

/** Seconds between two beats of a source. */
async function pauseOf(api: readonly string[], overrides?: Overrides): Promise<number> {
  const { feeds, clock } = await build(api, overrides);
  const source = feeds[0]?.source;
  const first = await source?.tick(-1, never);
  await source?.tick(first?.number ?? 0, never);
  return clock.monotonicMs() / 1000;
}

describe('the feeds of a config', () => {
  it('share one source for each account and endpoint, and one set of places for each server', async () => {
    const { feeds } = await build();
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

  it("are known by their server's id and recognised by its address", async () => {
    const { feeds } = await build();
    expect(feeds[0]?.identity).toEqual({
      accountId: undefined,
      endpoint: 'auth',
      server: { id: 'a', protocol: 'TCP', hostname: 'localhost', port: 1 },
    });
  });

  it('follow the times of the config; a log without an end has no settling', async () => {
    const { feeds } = await build([
      'settle_seconds: 60',
      'lookback_minutes: 5',
      'reread_minutes: 2',
    ]);
    expect(feeds[0]?.rules).toMatchObject({
      unit: 'ms',
      settleMs: 60_000,
      lookbackMs: 300_000,
      rereadMs: 120_000,
    });
    expect(feeds[2]?.rules).toMatchObject({ unit: 's', hasEnd: false, settleMs: 0 });
  });

  it('look back as far as the log needs, whatever the config says', async () => {
    const lookBackHours = async (minutes: number): Promise<number> => {
      const { feeds } = await build([`lookback_minutes: ${minutes}`]);
      return (feeds[3]?.rules.lookbackMs ?? 0) / 3_600_000;
    };
    expect(await lookBackHours(5)).toBe(24);
    expect(await lookBackHours(1440)).toBe(24);
    const { feeds } = await build();
    expect(feeds[3]?.rules).toMatchObject({ ordered: false, hasEnd: true, pageLimit: 200 });
    expect(feeds[0]?.rules.lookbackMs).toBe(40 * 60_000);
  });

  it.each([
    ['the default', [], undefined, 120],
    ['a longer one', ['timeout: 300'], undefined, 300],
    ['a shorter one, which becomes two minutes', ['timeout: 5'], undefined, 120],
    ["the command line's, however short", ['timeout: 300'], { intervalSeconds: 1 }, 1],
  ] as const)('poll with the pause of the config: %s', async (_name, api, overrides, seconds) => {
    expect(await pauseOf(api, overrides)).toBe(seconds);
  });

  it('remember what Duo taught about its limit, under their own name', async () => {
    const { duo, feeds, learned } = await build();
    duo.fault = () => 'duo_rate_limited';
    const source = feeds[0]?.source;
    const params = { mintime: '0' };
    const call = await source?.prepare(params, 0, never);
    if (call === undefined) throw new Error('no call');
    await expect(source?.fetch(call, params, never)).rejects.toThrow();
    expect([...learned.keys()]).toEqual(['rate::auth']);
  });

  it('ask no faster than the config allows', async () => {
    const { feeds, clock } = await build(['requests_per_minute: 6']);
    const source = feeds[0]?.source;
    for (let i = 0; i < 3; i += 1) await source?.prepare({ mintime: `${i}` }, 0, never);
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(20_000);
  });
});

describe('the feeds of all accounts', () => {
  const child = (n: number) => ({ id: `DA${n}`, name: '', apiHost: `c${n}.test` });

  it('are shown while they are open; what they delivered counts on', async () => {
    const { open } = await build();
    const [first, second] = [open.open(child(1)), open.open(child(2))];
    const ids = [first, second].flatMap(({ feeds }) => feeds.map(({ id }) => id));
    expect(open.statuses.map(({ feedId }) => feedId)).toEqual(ids);
    expect(ids).toContain('adminaction DA2 > b');
    first.feeds[0]?.status.confirmed(5, 0, 0);
    second.feeds[0]?.status.confirmed(2, 0, 0);
    first.close();
    expect(open.statuses).toEqual(second.feeds.map(({ status }) => status));
    expect(open.delivered).toBe(7);
    first.close();
    open.close();
    expect([open.statuses.length, open.delivered]).toEqual([0, 7]);
  });

  it('end the calls that are under way for them, and no others', async () => {
    const { open, duo } = await build();
    duo.gate = new Promise(() => undefined);
    const sets = [open.open(child(1)), open.open(child(2))];
    const ends: string[] = [];
    for (const { feeds } of sets) {
      const [feed] = feeds;
      const params = { mintime: '0' };
      const call = await feed?.source.prepare(params, 0, never);
      if (feed === undefined || call === undefined) throw new Error('no call');
      feed.source.fetch(call, params, never).catch(() => ends.push(feed.id));
    }
    await rest();
    sets[0]?.close();
    await rest();
    expect(ends).toEqual(['auth DA1 > a']);
  });
});
