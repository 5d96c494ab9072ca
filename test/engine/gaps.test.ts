import { describe, expect, it } from 'vitest';
import { runFeed } from '../../src/engine/feed.ts';
import { begin, oldestMs } from '../../src/engine/window.ts';
import { bench } from './parts.ts';

const dayMs = 24 * 3_600_000;

/** A feed that was away for 200 days. */
function away() {
  const parts = bench();
  const feed = parts.feed('siem');
  const sinceMs = parts.clock.startMs - 200 * dayMs;
  const cursor = { ...begin(sinceMs), fullest: 1 };
  parts.duo.add(3, parts.clock.startMs - 3_600_000);
  const run = (more: Parameters<typeof parts.tools>[0] = {}) =>
    runFeed(feed, { cursor }, parts.tools(more), parts.stop.signal, parts.abandon.signal);
  return { ...parts, feed, sinceMs, run };
}

describe('a feed that comes back after more than 180 days', () => {
  it('tells the gap with account, endpoint, server and times, delivers the rest, and never asks for less', async () => {
    const { run, gaps, feed, sinceMs, clock, duo } = away();
    expect(await run({ once: true })).toBe(true);
    const edgeMs = oldestMs(clock.startMs);
    expect(gaps).toEqual([
      {
        kind: 'reach',
        feedId: 'auth > siem',
        account: feed.account,
        endpoint: 'auth',
        serverId: 'siem',
        fromMs: sinceMs,
        toMs: edgeMs,
        reason: 'older than the 180 days that Duo keeps',
      },
    ]);
    expect(feed.sink.ids).toEqual(['t0', 't1', 't2']);
    expect(feed.status.gaps).toBe(1);
    for (const { mintime } of duo.asked) expect(Number(mintime)).toBeGreaterThanOrEqual(edgeMs);
  });

  it('tells it also when Duo fails first, at once or for hours', async () => {
    for (const failures of [1, 30]) {
      const { run, gaps, sinceMs, clock, duo, stop } = away();
      duo.fault = (call) => (call <= failures ? 'duo_timeout' : undefined);
      const running = run();
      await clock.sleep(dayMs / 4, stop.signal);
      stop.abort(new Error('enough'));
      await running;
      expect(gaps).toHaveLength(1);
      expect(gaps[0]?.fromMs).toBe(sinceMs);
      expect(gaps[0]?.toMs).toBeGreaterThanOrEqual(oldestMs(clock.startMs));
    }
  });

  it('has the gap on disk before its checkpoint passes it, and saves that at once', async () => {
    const { run, store, clock } = away();
    const steps: string[] = [];
    store.beforeSave = () => void steps.push('checkpoint');
    const gaps = { add: async () => void steps.push('gap') };
    await run({ once: true, gaps });
    expect(steps.slice(0, 2)).toEqual(['gap', 'checkpoint']);
    expect(store.saved[0]?.cursor.readToMs).toBeGreaterThanOrEqual(oldestMs(clock.startMs));
  });

  it('saves an empty page too when time was passed over', async () => {
    const { run, store, duo, sinceMs } = away();
    duo.rows.length = 0;
    await run({ once: true });
    expect(store.saved[0]?.cursor.readToMs).toBeGreaterThan(sinceMs);
  });

  it('waits, and shows it, while the gap cannot be kept', async () => {
    const { run, store, feed, stop, clock } = away();
    let tries = 0;
    const add = async (): Promise<void> => {
      tries += 1;
      if (tries <= 3) throw new Error('the disk is full');
    };
    const running = run({ gaps: { add } });
    await clock.sleep(1, stop.signal);
    expect(feed.status.phase).toBe('retrying');
    expect(feed.sink.ids).toEqual([]);
    expect(store.saved).toEqual([]);
    await clock.sleep(60_000, stop.signal);
    expect(feed.sink.ids).toHaveLength(3);
    expect(tries).toBe(4);
    stop.abort(new Error('enough'));
    await running;
  });
});
