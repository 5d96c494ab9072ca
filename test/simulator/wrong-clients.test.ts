import { describe, expect, it } from 'vitest';
import type { DuoSimulator } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { maximumAgeMs } from '../../src/simulator/options.ts';
import { call, rightParams, send } from './client.ts';
import { authPage, duoStarter, paths, readAuth, verdict } from './harness.ts';

const start = duoStarter();
const fromMs = Date.now() - 3_600_000;
const window = { mintime: `${fromMs}`, maxtime: `${Date.now() - 120_000}` };
const ascending = { ...window, sort: 'ts:asc' };

/** Ten events in each of 30 milliseconds. */
async function crowded(): Promise<DuoSimulator> {
  const duo = await start();
  const at = (index: number): number => fromMs + Math.floor(index / 10) + (index % 10) / 20;
  duo.add('auth', makeEvents('auth', { count: 300, fromMs, at }));
  return duo;
}

const serialsOf = (duo: DuoSimulator): string[] => duo.ledger('auth').map((row) => row.serial);

describe('beside a right client, who reads everything', () => {
  it('however many events share a millisecond', async () => {
    const duo = await crowded();
    expect(await readAuth(duo, window, { limit: '7' })).toEqual(serialsOf(duo));
  });

  it('one who sends seconds to a v2 log is told so', async () => {
    const seconds = { mintime: `${Math.floor(fromMs / 1000)}`, maxtime: window.maxtime };
    const reply = await call(await start(), { path: paths.auth, params: seconds });
    expect(verdict(reply)).toBe("400 40002 'mintime' must be a timestamp in milliseconds");
  });

  it('one who sends milliseconds to a v1 log gets nothing, for ever', async () => {
    const duo = await start();
    duo.add('adminaction', makeEvents('adminaction', { count: 5, fromMs }));
    const ask = async (mintime: string): Promise<unknown> =>
      (await call(duo, { path: paths.adminaction, params: { mintime } })).json.response;
    expect(await ask(window.mintime)).toEqual([]);
    expect(await ask(`${Math.floor(fromMs / 1000)}`)).toHaveLength(5);
  });

  it('one who does not ask for a sort order gets the newest rows and misses the oldest', async () => {
    const duo = await crowded();
    const reply = await call(duo, { path: paths.auth, params: { ...window, limit: '10' } });
    const names = authPage(reply).authlogs.map((row) => row.user.name);
    expect(names).toEqual(serialsOf(duo).reverse().slice(0, 10));
  });

  it('one who goes on at the next millisecond loses rows', async () => {
    const duo = await crowded();
    const names = new Set<string>();
    let mintime = fromMs;
    for (;;) {
      const params = { ...ascending, mintime: `${mintime}`, limit: '7' };
      const { authlogs, metadata } = authPage(await call(duo, { path: paths.auth, params }));
      if (metadata.next_offset === null) break;
      for (const row of authlogs) names.add(row.user.name);
      mintime = Number(metadata.next_offset[0]) + 1;
    }
    expect(names.size).toBe(210);
  });

  it('one who sends the cursor as offset gets the first page again', async () => {
    const duo = await crowded();
    const first = await call(duo, { path: paths.auth, params: ascending });
    const offset = authPage(first).metadata.next_offset?.join(',') ?? '';
    const again = await call(duo, { path: paths.auth, params: { ...ascending, offset } });
    expect(again.bytes.equals(first.bytes)).toBe(true);
  });

  it('one who sends the cursor of activity as two values is refused, of auth not', async () => {
    const duo = await start();
    const query = `limit=9&${rightParams(ascending)}&next_offset=${fromMs}&next_offset=a`;
    const sorted = query.split('&').sort().join('&');
    const ask = async (path: string): Promise<string> =>
      verdict(await call(duo, { path, query, canonicalParams: () => sorted }));
    expect(await ask(paths.activity)).toBe('400 40002 next_offset');
    expect(await ask(paths.auth)).toBe('200 OK');
  });

  it('one who reckons the 180 days once is refused a moment later', async () => {
    let nowMs = Date.now();
    const duo = await start({ nowMs: () => nowMs });
    const params = { ...window, mintime: `${nowMs - maximumAgeMs}` };
    const ask = async (): Promise<string> => {
      const date = new Date(nowMs).toUTCString();
      return verdict(await call(duo, { path: paths.auth, params, date }));
    };
    expect(await ask()).toBe('200 OK');
    nowMs += 1;
    expect(await ask()).toBe('400 40002 mintime must be within the past 180 days');
  });

  it('one who asks for an empty window is refused', async () => {
    const params = { mintime: window.mintime, maxtime: window.mintime };
    const reply = await call(await start(), { path: paths.auth, params });
    expect(verdict(reply)).toBe('400 40002 maxtime');
  });

  it('one who sends a body with a GET is refused', async () => {
    const reply = await call(await start(), { path: paths.auth, params: window, body: '{}' });
    expect(verdict(reply)).toBe('400 40000 body');
  });

  it('one who follows redirects or other paths and verbs finds nothing', async () => {
    const duo = await start();
    expect(verdict(await call(duo, { path: '/admin/v2/logs/none' }))).toBe('404 40401');
    expect(verdict(await call(duo, { path: paths.auth, method: 'POST' }))).toBe('405 40501');
  });
});

describe('where refused calls count as calls', () => {
  const rateLimit = { perMinute: 2, rejectedCallsCount: true };

  /** How many of the tries got through, each after its wait. */
  async function tries(waitsSeconds: readonly number[]): Promise<string[]> {
    let nowMs = Date.now();
    const duo = await start({ rateLimit, nowMs: () => nowMs });
    const verdicts: string[] = [];
    for (const wait of waitsSeconds) {
      nowMs += wait * 1000;
      const date = new Date(nowMs).toUTCString();
      verdicts.push(verdict(await call(duo, { path: paths.auth, params: window, date })));
    }
    return verdicts;
  }

  it('the back-off of the official clients never gets through', async () => {
    const waits = [0, 0, 0, 1, 2, 4, 8, 16, 32];
    const [first, second, ...rest] = await tries(waits);
    expect([first, second]).toEqual(['200 OK', '200 OK']);
    expect(new Set(rest)).toEqual(new Set(['429 42901']));
  });

  it('a minute of silence does', async () => {
    expect(await tries([0, 0, 0, 60])).toEqual(['200 OK', '200 OK', '429 42901', '200 OK']);
  });

  it('the refusal does not say how long to wait', async () => {
    const duo = await start({ rateLimit: { ...rateLimit, perMinute: 0 } });
    const { status, headers } = await call(duo, { path: paths.auth, params: window });
    expect([status, headers['retry-after']]).toEqual([429, undefined]);
  });

  it('a client that sends its first headers again is refused for its signature in the end', async () => {
    let nowMs = Date.now();
    const duo = await start({ rateLimit, nowMs: () => nowMs });
    const { sent } = await call(duo, { path: paths.auth, params: window });
    const target = `${paths.auth}?${rightParams(window)}`;
    nowMs += 63_000;
    expect(verdict(await send(duo, 'localhost', 'GET', target, sent))).toBe('401 40103');
  });
});
