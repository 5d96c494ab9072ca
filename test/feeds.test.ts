import { describe, expect, it } from 'vitest';
import type { Overrides } from '../src/app.ts';
import type { JsonValue } from '../src/core/types.ts';
import type { Destination } from '../src/destinations.ts';
import { AnswerCache } from '../src/engine/answer-cache.ts';
import { planFeeds } from '../src/engine/plan.ts';
import { Slots } from '../src/engine/slots.ts';
import { buildFeed, buildSource } from '../src/feeds.ts';
import { account, bench, FakeSink, never } from './engine/parts.ts';
import { rest } from './engine/test-clock.ts';
import { twoServers } from './helpers/config.ts';

async function build(api: readonly string[] = [], overrides: Overrides = {}) {
  const parts = bench();
  const { clock, log, duo } = parts;
  const config = await twoServers(api);
  const learned = new Map<string, JsonValue>();
  const formatter = parts.feed('a').formatter;
  const sources = planFeeds([account], config.account.endpoint_server_mappings).map((planned) => {
    const open = buildSource(planned, {
      ...{ api: duo, clock, cache: new AnswerCache(), overrides, config },
      learned: {
        get: (key) => learned.get(key),
        set: (key, value) => void learned.set(key, value),
      },
      name: planned.id,
      shared: () => false,
    });
    return { planned, open };
  });
  const feeds = sources.map(({ planned, open }) => {
    const server = config.servers.find(({ id }) => id === planned.server);
    if (server === undefined) throw new Error('no server');
    const destination: Destination = {
      config: server,
      sink: new FakeSink(),
      formatter,
      slots: new Slots(),
    };
    return buildFeed(planned, open.source, destination, config, { clock, log });
  });
  return { ...parts, feeds, learned, sources };
}

/** Seconds between two beats of a source. */
async function pauseOf(api: readonly string[], overrides?: Overrides): Promise<number> {
  const { feeds, clock } = await build(api, overrides);
  const source = feeds[0]?.source;
  const first = await source?.tick(-1, never);
  await source?.tick(first?.number ?? 0, never);
  return clock.monotonicMs() / 1000;
}

describe('a feed of a config', () => {
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

  it('whose source is closed has no call under way any more', async () => {
    const { sources, duo } = await build();
    duo.gate = new Promise(() => undefined);
    const source = sources[0]?.open.source;
    const params = { mintime: '0' };
    const call = await source?.prepare(params, 0, never);
    if (source === undefined || call === undefined) throw new Error('no call');
    const ends: string[] = [];
    source.fetch(call, params, never).catch((error: Error) => ends.push(error.message));
    await rest();
    sources[0]?.open.close();
    await rest();
    expect(ends).toEqual(['its feeds have ended']);
  });
});
