import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import { Engine, type EngineOptions } from '../../src/engine/engine.ts';
import type { FeedTools } from '../../src/engine/feed.ts';
import { account, type Bench, bench, type FakeSink, intervalMs, never } from './parts.ts';
import { rest } from './test-clock.ts';

const hourMs = 3_600_000;
type TestFeed = ReturnType<Bench['feed']>;

interface Plan extends EngineOptions {
  readonly feeds: readonly TestFeed[];
}

function engine(parts: Bench, feeds: readonly TestFeed[], more: Partial<FeedTools> = {}): Plan {
  return {
    feeds,
    graceMs: 25_000,
    flush: () => feeds.forEach(({ sink }) => sink.flush()),
    feedTools: parts.tools(more),
    beginTools: {
      checkpoints: parts.store,
      clock: parts.clock,
      log: parts.log,
      sinceMs: () => parts.clock.startMs - hourMs,
      takeOver: async () => undefined,
    },
  };
}

function runEngine(plan: Plan, stop: AbortSignal, abandon: AbortSignal): Promise<boolean> {
  const all = new Engine(plan, stop, abandon);
  all.become(
    plan.feeds.map((feed, i) => {
      const open = () => ({ feed, close: () => undefined });
      return { id: `${feed.id} ${i}`, fingerprint: '', open };
    }),
  );
  return all.ended();
}

function filled(): Bench {
  const parts = bench();
  parts.duo.add(5, parts.clock.startMs - 60_000);
  return parts;
}

const all = ['t0', 't1', 't2', 't3', 't4'];
const codes = (parts: Bench) => parts.said.flatMap(({ fields }) => fields['code'] ?? []);

describe('the engine', () => {
  it('runs all feeds until it is told to stop', async () => {
    const parts = filled();
    const feeds = ['a', 'b', 'c'].map((id) => parts.feed(id));
    parts.stopAfter(intervalMs);
    await runEngine(engine(parts, feeds), parts.stop.signal, never);
    expect(feeds.map(({ sink }) => sink.ids)).toEqual([all, all, all]);
  });

  it('leaves the others alone when one feed fails, whatever it is', async () => {
    const parts = filled();
    const broken = parts.feed('broken');
    broken.sink.answer = async () => {
      throw new TypeError('a fault of ours');
    };
    const well = parts.feed('well');
    parts.stopAfter(intervalMs);
    await runEngine(engine(parts, [broken, well]), parts.stop.signal, never);
    expect(well.sink.ids).toEqual(all);
    expect(broken.sink.ids).toEqual([]);
    expect(codes(parts)).toEqual(['unexpected']);
  });

  it('parks a feed alone whose checkpoint is unreadable, and starts it when that is repaired', async () => {
    const parts = filled();
    let torn = true;
    let looks = 0;
    parts.store.beforeLoad = (server) => {
      if (server === 'torn') looks += 1;
      if (torn && server === 'torn')
        throw new ForwarderError('checkpoint_unreadable', 'torn', { remedy: 'park' });
    };
    const [bad, good] = [parts.feed('torn'), parts.feed('good')];
    void parts.clock.sleep(60_000, never).then(() => {
      expect([bad.status.phase, good.status.phase]).toEqual(['parked', 'running']);
      expect(bad.sink.ids).toEqual([]);
      expect(looks).toBe(1);
      torn = false;
    });
    parts.stopAfter(hourMs);
    await runEngine(engine(parts, [bad, good]), parts.stop.signal, never);
    expect(bad.sink.ids).toEqual(all);
    expect(good.sink.ids).toEqual(all);
    expect(codes(parts)).toEqual(['checkpoint_unreadable']);
  });

  it('sends open groups at once when it is told to stop', async () => {
    const parts = filled();
    const feed = parts.feed('siem');
    let confirm = (): void => undefined;
    feed.sink.answer = () => new Promise((resolve) => (confirm = () => resolve(undefined)));
    feed.sink.flush = function (this: FakeSink) {
      this.flushes += 1;
      confirm();
    };
    const running = runEngine(engine(parts, [feed]), parts.stop.signal, never);
    await rest();
    expect(feed.sink.flushes).toBe(0);
    parts.stop.abort(new Error('SIGTERM'));
    await running;
    expect(feed.sink.flushes).toBe(1);
    expect(feed.sink.ids).toEqual(all);
    expect(parts.store.saved.at(-1)?.cursor.positionId).toBe('t4');
  });

  it('says with `once` whether every feed did all it had to', async () => {
    const parts = filled();
    const once = { once: true };
    const [a, b] = [parts.feed('a'), parts.feed('b')];
    expect(await runEngine(engine(parts, [a, b], once), parts.stop.signal, never)).toBe(true);
    parts.store.beforeLoad = (server) => {
      if (server === 'b') throw new ForwarderError('checkpoint_unreadable', 'torn');
    };
    const again = engine(parts, [parts.feed('a'), parts.feed('b')], once);
    expect(await runEngine(again, parts.stop.signal, never)).toBe(false);
  });

  it('goes on with `once` from cron where the last run ended, without loss or repetition', async () => {
    const parts = filled();
    const delivered: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      const feed = parts.feed('siem');
      const done = await runEngine(engine(parts, [feed], { once: true }), parts.stop.signal, never);
      expect(done).toBe(true);
      delivered.push(...feed.sink.ids);
      await parts.clock.sleep(5 * 60_000, never);
      parts.duo.add(3, parts.clock.nowMs() - 90_000);
      // One that Duo shows only twelve minutes later.
      const timeMs = parts.clock.nowMs() - 80_000;
      const id = `late${round}`;
      parts.duo.rows.push({ id, timeMs, visibleAtMs: timeMs + 12 * 60_000 });
    }
    const due = parts.duo.rows.filter(({ visibleAtMs = 0, timeMs }) => {
      return Math.max(visibleAtMs, timeMs) < parts.clock.nowMs() - 15 * 60_000;
    });
    expect(new Set(delivered).size).toBe(delivered.length);
    expect(due.map(({ id }) => id).filter((id) => !delivered.includes(id))).toEqual([]);
    expect(delivered.filter((id) => id.startsWith('late')).length).toBeGreaterThan(3);
  });

  it('holds sixteen pages in all, however many feeds wait for a dead server', async () => {
    const parts = filled();
    const first = parts.feed('siem');
    let held = 0;
    first.sink.answer = async (_batch, signal) => {
      held += 1;
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('abandoned')));
      });
      return undefined;
    };
    const { slots, sink } = first;
    const feeds = Array.from({ length: 100 }, (_, i) => {
      const child = { ...account, id: `DA${i}` };
      const source = parts.source(false, parts.limiter, child);
      const feed = parts.feed(`siem${i}`, { slots, source });
      return { ...feed, sink };
    });
    const running = runEngine(
      { ...engine(parts, feeds), flush: () => sink.flush() },
      parts.stop.signal,
      parts.abandon.signal,
    );
    await parts.clock.sleep(60_000, never);
    expect(held).toBe(16);
    expect(slots.taken).toBe(16);
    expect(parts.duo.asked).toHaveLength(16);
    parts.stop.abort(new Error('stopped'));
    parts.abandon.abort(new Error('too late'));
    expect(await running).toBe(false);
  });
});
