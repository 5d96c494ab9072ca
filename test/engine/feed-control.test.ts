import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { FeedControl } from '../../src/engine/feed-control.ts';
import { runFeed } from '../../src/engine/feed.ts';
import { begin } from '../../src/engine/window.ts';
import { bench, intervalMs } from './parts.ts';
import { rest } from './test-clock.ts';

const minuteMs = 60_000;

/** A feed that is caught up with five events and waits for its next poll. */
async function caughtUp() {
  const parts = bench();
  const { clock, duo, stop, abandon } = parts;
  duo.add(5, clock.startMs - minuteMs);
  const feed = parts.feed('siem');
  const start = { cursor: begin(clock.startMs - 60 * minuteMs) };
  const running = runFeed(feed, start, parts.tools(), stop.signal, abandon.signal);
  await clock.sleep(1_000, stop.signal);
  const end = async (): Promise<void> => {
    stop.abort(new Error('enough'));
    await running;
  };
  const wait = (ms: number): Promise<void> => clock.sleep(ms, stop.signal);
  return { ...parts, feed, end, wait };
}

describe('a feed that is paused', () => {
  it('asks Duo for nothing, and goes on where it was when it is resumed', async () => {
    const { feed, duo, clock, end, wait } = await caughtUp();
    feed.control.pause(clock.nowMs());
    const asked = duo.asked.length;
    duo.add(3, clock.nowMs(), 1_000);
    await wait(5 * intervalMs);
    expect([duo.asked.length, feed.sink.ids.length]).toEqual([asked, 5]);
    expect([feed.control.isPaused, feed.status.activity.step]).toEqual([true, 'paused']);
    feed.control.resume();
    await wait(minuteMs);
    expect([feed.sink.ids.length, feed.control.isPaused]).toEqual([8, false]);
    await end();
  });

  it('finishes the page that is under way', async () => {
    const { feed, duo, clock, end, wait, store } = await caughtUp();
    let confirm = (): void => undefined;
    feed.sink.answer = () => new Promise((resolve) => (confirm = () => resolve(undefined)));
    duo.add(3, clock.nowMs(), 1_000);
    await wait(2 * intervalMs);
    feed.control.pause(clock.nowMs());
    confirm();
    await rest();
    expect(feed.sink.ids).toHaveLength(8);
    expect(store.saved.at(-1)?.cursor.positionId).toBe('t7');
    await end();
  });

  it('may do so by itself after more polls than it was told, as Duo Watcher counts them', async () => {
    const { feed, duo, end, wait } = await caughtUp();
    feed.control.mostCycles = 3;
    await wait(10 * intervalMs);
    expect([feed.status.cycles, feed.control.isPaused]).toEqual([4, true]);
    const asked = duo.asked.length;
    feed.status.cycles = 0;
    feed.control.resume();
    await wait(10 * intervalMs);
    expect([feed.status.cycles, feed.control.isPaused]).toEqual([4, true]);
    expect(duo.asked.length).toBe(asked + 4);
    await end();
  });

  it('ends at once when the program stops', async () => {
    const { feed, clock, end, wait } = await caughtUp();
    feed.control.pause(clock.nowMs());
    await wait(2 * intervalMs);
    await end();
    expect(feed.status.phase).toBe('ended');
  });

  it('may be paused and resumed again and again; each time counts once', async () => {
    const control = new FeedControl();
    const stop = new AbortController();
    control.pause(1);
    control.pause(2);
    expect(control.pausedSinceMs).toBe(1);
    const passed = control.passed(stop.signal);
    control.resume();
    control.resume();
    control.pause(3);
    control.resume();
    await passed;
    expect(control.pausedSinceMs).toBeUndefined();
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });
});

describe('a feed that is to poll now', () => {
  it('does so before its next tick, and keeps its pace from there', async () => {
    const { feed, duo, clock, end, wait } = await caughtUp();
    duo.add(2, clock.nowMs() - 500, 10);
    await wait(minuteMs);
    expect(feed.sink.ids).toHaveLength(5);
    feed.source.pollNow();
    await wait(1_000);
    expect(feed.sink.ids).toHaveLength(7);
    const asked = duo.asked.length;
    await wait(intervalMs - 10_000);
    expect(duo.asked.length).toBe(asked);
    await wait(15_000);
    expect(duo.asked.length).toBe(asked + 1);
    await end();
  });

  it('tests at once whether Duo still refuses it, when it was parked', async () => {
    const { feed, duo, clock, end, wait } = await caughtUp();
    duo.fault = () => 'duo_forbidden';
    await wait(2 * intervalMs);
    expect(feed.status.phase).toBe('parked');
    duo.fault = () => undefined;
    duo.add(1, clock.nowMs() - 500);
    feed.source.pollNow();
    feed.control.wake();
    await wait(1_000);
    expect([feed.status.phase, feed.sink.ids.length]).toEqual(['running', 6]);
    await end();
  });
});

describe('the pace of a source', () => {
  it('can be changed while it runs, and back to what the config says', async () => {
    const { feed, duo, end, wait } = await caughtUp();
    feed.source.setInterval(10_000);
    const before = duo.asked.length;
    await wait(60_000);
    expect(duo.asked.length - before).toBeGreaterThanOrEqual(6);
    feed.source.setInterval(undefined);
    expect(feed.source.intervalMs).toBe(intervalMs);
    const after = duo.asked.length;
    await wait(intervalMs - 1_000);
    expect(duo.asked.length - after).toBeLessThanOrEqual(1);
    await end();
  });

  it('asks for no more rows than it was told to, where the log can be asked for less', async () => {
    const { feed, duo, end, wait } = await caughtUp();
    feed.source.setMaxcount(100);
    await wait(2 * intervalMs);
    expect(duo.asked.at(-1)?.['limit']).toBe('100');
    feed.source.setMaxcount(5_000);
    await wait(2 * intervalMs);
    expect(duo.asked.at(-1)?.['limit']).toBe('1000');
    expect(feed.source.asked({ mintime: '1' })).toEqual({ mintime: '1' });
    await end();
  });
});
