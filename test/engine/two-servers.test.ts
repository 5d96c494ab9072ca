import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CheckpointStore } from '../../src/checkpoint/checkpoint.ts';
import { startOf } from '../../src/engine/begin.ts';
import { runFeed } from '../../src/engine/feed.ts';
import { type Bench, bench, FakeSink, FakeStore, intervalMs, rules } from './parts.ts';

const minuteMs = 60_000;
const hours = 5;
const pageLimit = 7;

interface Stretch {
  readonly fromMin: number;
  readonly forMin: number;
}

interface World {
  /** Minute, milliseconds in it, how many seconds late Duo shows it. */
  readonly events: readonly (readonly [number, number, number])[];
  readonly down: readonly Stretch[];
  readonly duoDown: readonly Stretch[];
  readonly kills: readonly number[];
}

const minute = fc.integer({ min: 0, max: hours * 60 - 75 });
const stretch = fc.record({ fromMin: minute, forMin: fc.integer({ min: 1, max: 70 }) });
const worlds = fc.record({
  // Few different milliseconds, so that equal times and page borders meet.
  events: fc.array(
    fc.tuple(minute, fc.constantFrom(0, 1, 500, 30_000), fc.integer({ min: 0, max: 600 })),
    { minLength: 1, maxLength: 250 },
  ),
  down: fc.array(stretch, { maxLength: 3 }),
  duoDown: fc.array(stretch, { maxLength: 1 }),
  kills: fc.array(minute, { maxLength: 4 }),
});

const within = (min: number, stretches: readonly Stretch[]): boolean =>
  stretches.some(({ fromMin, forMin }) => min >= fromMin && min < fromMin + forMin);

/** One life of the program: after `kill` nothing of it reaches a server or the disk. */
function live(parts: Bench, world: World, sinks: readonly FakeSink[], store: CheckpointStore) {
  const stop = new AbortController();
  const dead = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(new Error('killed')), { once: true });
  });
  dead.catch(() => undefined);
  const checkpoints: CheckpointStore = {
    load: (identity) => store.load(identity),
    list: () => store.list(),
    save: async (identity, checkpoint) => {
      if (stop.signal.aborted) return dead;
      // A kill may come before or after the bytes are on the disk.
      await Promise.race([parts.clock.sleep(5, stop.signal), dead]);
      return stop.signal.aborted ? dead : store.save(identity, checkpoint);
    },
  };
  const source = parts.source(true);
  const nowMin = (): number => (parts.clock.nowMs() - parts.clock.startMs) / minuteMs;
  const running = sinks.map(async (sink, index) => {
    sink.answer = async () => {
      while (index === 1 && within(nowMin(), world.down)) {
        if (stop.signal.aborted) return dead;
        await parts.clock.sleep(7_000, stop.signal);
      }
      await parts.clock.sleep(50, stop.signal);
      return stop.signal.aborted ? dead : undefined;
    };
    const feed = parts.feed(`s${index}`, {
      source,
      sink,
      rules: { ...rules, settleMs: 2 * minuteMs },
    });
    const begin = {
      checkpoints,
      clock: parts.clock,
      log: parts.log,
      sinceMs: () => parts.clock.startMs,
      takeOver: async () => undefined,
    };
    const start = await startOf(feed, begin, stop.signal);
    await runFeed(feed, start, parts.tools({ checkpoints }), stop.signal, stop.signal);
  });
  return async (): Promise<void> => {
    stop.abort(new Error('killed'));
    await Promise.allSettled(running);
  };
}

async function simulate(
  world: World,
  servers = 2,
): Promise<{ parts: Bench; sinks: readonly FakeSink[] }> {
  const parts = bench();
  const { clock, duo } = parts;
  duo.pageLimit = pageLimit;
  world.events.forEach(([min, ms, lateS], index) => {
    const timeMs = clock.startMs + min * minuteMs + ms;
    duo.rows.push({ id: `e${index}`, timeMs, visibleAtMs: timeMs + lateS * 1000 });
  });
  const nowMin = (): number => (clock.nowMs() - clock.startMs) / minuteMs;
  duo.fault = () => (within(nowMin(), world.duoDown) ? 'duo_server_error' : undefined);
  const sinks = Array.from({ length: servers }, () => new FakeSink());
  const store = new FakeStore();
  const never = new AbortController().signal;
  for (const at of [...world.kills].sort((a, b) => a - b)) {
    const kill = live(parts, world, sinks, store);
    await clock.sleep((at - nowMin()) * minuteMs + 53, never);
    await kill();
  }
  const kill = live(parts, world, sinks, store);
  await clock.sleep((hours * 60 - nowMin()) * minuteMs, never);
  await kill();
  return { parts, sinks };
}

describe('two servers of one log', () => {
  it('both get every event, whoever is down and whenever the program is killed', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const { parts, sinks } = await simulate(world);
        const expected = new Set(world.events.map((_, index) => `e${index}`));
        for (const { ids } of sinks) {
          expect(new Set(ids)).toEqual(expected);
          expect(ids.length - expected.size).toBeLessThanOrEqual(world.kills.length * pageLimit);
        }
        // A poll a beat and a page a fetch; a re-read each ten minutes covers forty; twice while apart.
        const beats = (hours * 60 * minuteMs) / intervalMs;
        const pages = world.events.length / pageLimit;
        expect(parts.duo.asked.length).toBeLessThan(2 * (beats + 6 * pages + 60));
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('cost no more calls than one while both are well', async () => {
    const quiet = worlds.map(({ events }) => ({ events, down: [], duoDown: [], kills: [] }));
    await fc.assert(
      fc.asyncProperty(quiet, async (world) => {
        const [one, two] = [await simulate(world, 1), await simulate(world, 2)];
        expect(two.parts.duo.asked).toEqual(one.parts.duo.asked);
      }),
      { numRuns: 20 },
    );
  }, 120_000);
});
