import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BackfillFeed, Backfills } from '../../src/backfill/backfills.ts';
import { asProgress, type ProgressRow, wholeOf } from '../../src/backfill/progress.ts';
import { ForwarderError } from '../../src/core/errors.ts';
import type { BackfillRequest } from '../../src/core/requests.ts';
import type { JsonValue } from '../../src/core/types.ts';
import { begin } from '../../src/engine/window.ts';
import { account, bench, FakeSink } from '../engine/parts.ts';
import { hourMs } from './rig.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologsync-backfills-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program with these servers, whose live feeds stand at now. */
async function program(...servers: readonly string[]) {
  const parts = bench();
  const { clock, duo, log, store } = parts;
  let closed = 0;
  const feeds = new Map<string, BackfillFeed & { readonly sink: FakeSink }>();
  for (const server of servers) {
    const feed = parts.feed(server);
    await store.save(feed.identity, { cursor: begin(clock.startMs) });
    feeds.set(feed.id, {
      ...{ id: feed.id, account, endpoint: 'auth', server, sink: feed.sink },
      open: () => ({ feed, close: () => void (closed += 1) }),
    });
  }
  const backfills = new Backfills({
    ...{ clock, log, stateDirectory: folder, feedTools: parts.tools() },
    serverIds: () => servers,
    isLive: () => true,
    nowMs: () => clock.nowMs(),
    feeds: async () => [...feeds.values()],
    feed: (id) => feeds.get(id),
  });
  const request: BackfillRequest = {
    ...{ key: '0123456789abcdef', sinceMs: clock.startMs - hourMs },
    ...{ endpoints: [], accounts: [], servers: [], dryRun: false, restart: false },
  };
  const sink = (server: string): FakeSink => feeds.get(`auth > ${server}`)?.sink ?? new FakeSink();
  duo.add(60, clock.startMs - hourMs, 60_000);
  return { ...parts, backfills, request, sink, feeds, closed: () => closed };
}

describe('a backfill', () => {
  it('goes to every server that is meant, by one call for all of them, and lets go of all it held', async () => {
    const { backfills, request, sink, duo, closed } = await program('a', 'b');
    const { ended, progress } = await backfills.start(request);
    await ended;
    expect(progress()).toMatchObject({ state: 'done', sent: 120, problems: [] });
    expect([sink('a').ids.length, sink('b').ids.length]).toEqual([60, 60]);
    expect(duo.asked).toHaveLength(1);
    expect(closed()).toBe(2);
  });

  it('is known as done to the same command, and begun anew by request', async () => {
    const { backfills, request, sink } = await program('a');
    await (
      await backfills.start(request)
    ).ended;
    const again = await backfills.start(request);
    await again.ended;
    expect(again.progress()).toMatchObject({ state: 'done', sent: 60, rows: [] });
    expect(again.progress().done_before).not.toBeNull();
    expect(sink('a').ids).toHaveLength(60);
    await (
      await backfills.start({ ...request, restart: true })
    ).ended;
    expect(sink('a').ids).toHaveLength(120);
  });

  it('is joined by who asks for the same, and refuses another one meanwhile', async () => {
    const { backfills, request, sink } = await program('a');
    let confirm = (): void => undefined;
    sink('a').answer = () => new Promise((resolve) => (confirm = () => resolve(undefined)));
    const first = await backfills.start(request);
    const joined = await backfills.start(request);
    expect(joined.progress().state).toBe('running');
    expect(backfills.progress).toEqual(first.progress());
    await expect(backfills.start({ ...request, key: 'fedcba9876543210' })).rejects.toMatchObject({
      code: 'busy',
    });
    while (sink('a').ids.length === 0) {
      confirm();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all([first.ended, joined.ended]);
    expect(backfills.progress).toBeUndefined();
    expect(joined.progress()).toMatchObject({ state: 'done', sent: 60 });
  });

  it('is stopped with its place kept, and goes on by the same command', async () => {
    const { backfills, request, sink, duo } = await program('a');
    duo.pageLimit = 10;
    sink('a').answer = async () => {
      if (sink('a').ids.length >= 20) backfills.stop(request.key);
      return undefined;
    };
    const first = await backfills.start(request);
    await first.ended;
    expect(first.progress().state).toBe('stopped');
    expect(backfills.stop(request.key)).toBe(false);
    sink('a').answer = async () => undefined;
    const second = await backfills.start(request);
    await second.ended;
    expect(second.progress()).toMatchObject({ state: 'done', sent: 60 });
    expect(new Set(sink('a').ids).size).toBe(60);
    expect(sink('a').ids).toHaveLength(60);
  });

  it('lets go of everything for a reload, and goes on after it with what the config says then', async () => {
    const { backfills, request, sink, duo, feeds, closed } = await program('a', 'b');
    duo.pageLimit = 10;
    let held: Promise<unknown> | undefined;
    sink('a').answer = async () => {
      held ??= backfills.whileHeld(() => {
        expect(closed()).toBe(2);
        feeds.delete('auth > b');
      });
      return undefined;
    };
    const { ended, progress } = await backfills.start({ ...request });
    await ended;
    await held;
    expect(sink('a').ids).toHaveLength(60);
    const { state, problems } = progress();
    expect([state, problems.map(({ code }) => code)]).toEqual(['incomplete', ['no_such_feed']]);
  });

  it('goes on also when the reload that it rested for has failed', async () => {
    const { backfills, request, sink, duo } = await program('a');
    duo.pageLimit = 10;
    let held: Promise<unknown> | undefined;
    sink('a').answer = async () => {
      held ??= backfills
        .whileHeld(() => {
          throw new Error('no reload');
        })
        .catch((error: unknown) => error);
      return undefined;
    };
    const { ended, progress } = await backfills.start(request);
    await ended;
    expect(await held).toMatchObject({ message: 'no reload' });
    expect(progress()).toMatchObject({ state: 'done', sent: 60 });
  });

  it('says between which times its feeds end where the live ones took over at different times', async () => {
    const { backfills, request, feeds, store, clock, sink } = await program('a', 'b');
    const ends = [clock.startMs - hourMs / 2, clock.startMs - hourMs / 4];
    for (const [at, one] of [...feeds.values()].entries())
      await store.save(one.open().feed.identity, { cursor: begin(ends[at] ?? 0) });
    const { ended, progress } = await backfills.start(request);
    await ended;
    expect([sink('a').ids.length, sink('b').ids.length]).toEqual([30, 45]);
    const [earlier, later] = ends.map((ms) => new Date(ms).toISOString());
    expect(progress().notes.join()).toContain(
      `read up to ${earlier} at least, ${later} at most; from there on`,
    );
  });

  it('is not done while a live feed is in the midst of it, and finds the rest later by the same command', async () => {
    const { backfills, request, feeds, store, clock, sink } = await program('a', 'b');
    const identity = feeds.get('auth > a')?.open().feed.identity;
    if (identity === undefined) throw new Error('a feed is missing');
    const sure = begin(request.sinceMs);
    await store.save(identity, { cursor: { ...sure, positionMs: request.sinceMs + hourMs / 2 } });
    const young = await backfills.start(request);
    await young.ended;
    expect(young.progress()).toMatchObject({ state: 'incomplete', sent: 60, problems: [] });
    expect(young.progress().notes.join()).toMatch(
      /^auth > a: nothing was read, this range is still/,
    );
    await store.save(identity, { cursor: begin(clock.nowMs()) });
    const old = await backfills.start(request);
    await old.ended;
    expect(old.progress().state).toBe('done');
    expect([sink('a').ids.length, sink('b').ids.length]).toEqual([60, 60]);
  });

  it('is done when the live feed of a quiet log has sent nothing of it, and will send what comes', async () => {
    const { backfills, request, feeds, store } = await program('a');
    for (const one of feeds.values())
      await store.save(one.open().feed.identity, { cursor: begin(request.sinceMs) });
    const { ended, progress } = await backfills.start(request);
    await ended;
    expect(progress()).toMatchObject({ state: 'done', sent: 0 });
    expect(progress().notes.join()).toContain('from there on all is the running feed');
  });

  it('ends incomplete when Duo refuses, and says why; the same command tries again', async () => {
    const { backfills, request, sink, duo } = await program('a');
    duo.fault = () => 'duo_forbidden';
    const first = await backfills.start(request);
    await first.ended;
    expect(first.progress()).toMatchObject({
      state: 'incomplete',
      problem_count: 1,
      problems: [{ feed: 'auth > a', code: 'duo_forbidden' }],
      rows: [{ state: 'failed' }],
    });
    duo.fault = () => undefined;
    await (
      await backfills.start(request)
    ).ended;
    expect(sink('a').ids).toHaveLength(60);
  });

  it('ends incomplete when a feed cannot be opened, and harms nothing else', async () => {
    const { backfills, request, sink, feeds } = await program('a', 'b');
    Object.assign(feeds.get('auth > a') ?? {}, {
      open: () => {
        throw new Error('out of handles');
      },
    });
    const { ended, progress } = await backfills.start(request);
    await ended;
    expect(progress()).toMatchObject({
      state: 'incomplete',
      problems: [{ feed: 'auth > a', message: 'out of handles' }],
    });
    expect(sink('b').ids).toHaveLength(60);
  });

  it('shows the bar, the rate and what is left while it goes, and that Duo told to wait', async () => {
    const { backfills, request, duo, clock } = await program('a');
    duo.pageLimit = 10;
    duo.fault = (call) => (call === 3 ? 'duo_rate_limited' : undefined);
    // Whoever looks while it waits; time passes here at once, so that a look from outside may come too late.
    let look = (): number => 0;
    let longest = 0;
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (ms, signal) => {
      longest = Math.max(longest, look());
      return sleep(ms, signal);
    };
    const { ended, progress } = await backfills.start(request);
    look = () => progress().duo.wait_seconds;
    await ended;
    const seen = progress();
    expect(longest).toBeGreaterThan(30);
    expect(seen).toMatchObject({ state: 'done', sent: 60, duo: { limited: 1, wait_seconds: 0 } });
    expect(seen.elapsed_seconds).toBeGreaterThanOrEqual(60);
    expect(asProgress(JSON.parse(JSON.stringify(seen)) as JsonValue)).toEqual(seen);
    expect(asProgress({ schema_version: 2, rows: [] })).toBeUndefined();
    expect(clock.nowMs()).toBeGreaterThan(clock.startMs);
  });

  it('is all of its bars in one, however many feeds each of them stands for', () => {
    const row = { done: 0, failed: 0, part: 0, rate: 0, eta_seconds: 10 } as ProgressRow;
    const rows = [
      { ...row, feeds: 3, part: 1, done: 3, rate: 2, eta_seconds: 0 },
      { ...row, feeds: 1, failed: 1, rate: 0.5 },
    ];
    const whole = { feeds: 4, done: 3, failed: 1, part: 0.75, rate: 2.5, etaSeconds: 10 };
    expect(wholeOf({ rows })).toEqual(whole);
    expect(wholeOf({ rows: [...rows, { ...row, feeds: 1, eta_seconds: null }] })).toMatchObject({
      part: 0.6,
      etaSeconds: null,
    });
    const third = { ...row, feeds: 3, part: 0.333, rate: 0.1 };
    expect(wholeOf({ rows: [third, { ...third, feeds: 4, rate: 0.2 }] })).toMatchObject({
      part: 0.333,
      rate: 0.3,
    });
    expect(wholeOf({ rows: [] })).toMatchObject({ feeds: 0, part: 0 });
  });

  it('loses nothing and repeats nothing in a storm of 429s', async () => {
    const { backfills, request, sink, duo } = await program('a', 'b');
    duo.pageLimit = 5;
    duo.fault = (call) => (call % 2 === 1 ? 'duo_rate_limited' : undefined);
    const { ended, progress } = await backfills.start(request);
    await ended;
    expect(progress()).toMatchObject({ state: 'done', sent: 120 });
    expect(progress().duo.limited).toBeGreaterThan(10);
    for (const server of ['a', 'b']) {
      expect(sink(server).ids).toHaveLength(60);
      expect(new Set(sink(server).ids).size).toBe(60);
    }
  });

  it('counts alone in a dry run, and remembers nothing', async () => {
    const { backfills, request, sink } = await program('a');
    const dry = await backfills.start({ ...request, dryRun: true });
    await dry.ended;
    expect(dry.progress()).toMatchObject({ state: 'done', dry_run: true, sent: 60 });
    expect(sink('a').ids).toEqual([]);
    const real = await backfills.start(request);
    expect(real.progress().done_before).toBeNull();
    await real.ended;
  });

  it('clamps what is older than Duo keeps, and refuses what is wholly so', async () => {
    const { backfills, request, clock } = await program('a');
    const dayMs = 24 * hourMs;
    const old = clock.startMs - 300 * dayMs;
    await expect(
      backfills.start({ ...request, sinceMs: old, untilMs: old + dayMs }),
    ).rejects.toMatchObject({ code: 'backfill_nothing' });
    const { progress, ended } = await backfills.start({ ...request, sinceMs: old });
    await ended;
    expect(Date.parse(progress().since)).toBeGreaterThan(clock.startMs - 180 * dayMs);
  });

  it('is refused when the program ends, which stops the one that runs', async () => {
    const { backfills, request, sink } = await program('a');
    sink('a').answer = (_batch, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new ForwarderError('gone', 'gone')));
      });
    const { progress } = await backfills.start(request);
    await backfills.close();
    expect(progress().state).toBe('stopped');
    await expect(backfills.start(request)).rejects.toMatchObject({ code: 'busy' });
  });

  it('lets others pass while a feed has trouble', async () => {
    const { backfills, request, sink, duo } = await program('a', 'b');
    duo.pageLimit = 10;
    let failures = 0;
    sink('a').answer = async () => {
      failures += 1;
      if (failures < 5) throw new ForwarderError('server_failed', 'the server is odd');
      return undefined;
    };
    await (
      await backfills.start(request)
    ).ended;
    expect([sink('a').ids.length, sink('b').ids.length]).toEqual([60, 60]);
  });
});
