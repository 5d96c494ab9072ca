import type { Cursor } from '../../src/core/cursor.ts';
import { openMemoryStore } from '../../src/checkpoint/memory-store.ts';
import type { CheckpointStore } from '../../src/checkpoint/checkpoint.ts';
import { RangeRun, type RangeTools } from '../../src/backfill/range-run.ts';
import { newTrack, type Track } from '../../src/backfill/track.ts';
import type { Feed } from '../../src/engine/feed.ts';
import { begin } from '../../src/engine/window.ts';
import { account, bench, type Bench, type FakeSink, FakeStore } from '../engine/parts.ts';

export const hourMs = 3_600_000;

export interface Rig extends Bench {
  readonly feedOf: Feed & { readonly sink: FakeSink };
  readonly track: Track;
  /** The live feed's. */
  readonly live: FakeStore;
  readonly places: CheckpointStore;
  readonly fromMs: number;
  readonly untilMs: number;
  /** The live feed has sent everything from there on, and knows it. */
  readonly liveAt: (cursor: Partial<Cursor>) => Promise<void>;
  readonly run: (more?: Partial<RangeTools>, abandon?: AbortSignal) => RangeRun;
  limited: number;
}

/** One feed's backfill of the ten hours before noon. */
export function rig(): Rig {
  const parts = bench();
  const fromMs = parts.clock.startMs - 10 * hourMs;
  const untilMs = parts.clock.startMs;
  const feedOf = parts.feed('siem');
  const track = newTrack({ account, endpoint: 'auth', server: 'siem' }, feedOf.id, fromMs);
  const live = new FakeStore();
  const places = openMemoryStore(() => 0);
  const own: Rig = {
    ...parts,
    ...{ feedOf, track, live, places, fromMs, untilMs, limited: 0 },
    liveAt: (cursor) => live.save(feedOf.identity, { cursor: { ...begin(untilMs), ...cursor } }),
    run: (more = {}, abandon = parts.abandon.signal) =>
      new RangeRun(
        { ...feedOf, source: feedOf.source.behind(() => false) },
        track,
        {
          feedTools: parts.tools({ checkpoints: places }),
          ...{ live, isLive: true, untilMs, key: 'one', dryRun: false },
          limited: () => void (own.limited += 1),
          ...more,
        },
        abandon,
      ),
  };
  return own;
}
