import { describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../src/checkpoint/memory-store.ts';
import { failure } from '../../src/duo/failures.ts';
import { never } from '../engine/parts.ts';
import { hourMs, rig } from './rig.ts';

const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `t${from + i}`);

describe('the backfill of one feed', () => {
  it('sends what lies in the range to the millisecond, and names itself to the server', async () => {
    const { duo, run, liveAt, fromMs, untilMs, feedOf, track } = rig();
    await liveAt({});
    for (const timeMs of [fromMs - 1, fromMs, untilMs - 1, untilMs]) duo.add(1, timeMs);
    expect(await run().go(never)).toEqual({ kind: 'done' });
    expect(feedOf.sink.ids).toEqual(['t1', 't2']);
    expect(feedOf.sink.confirmed.map(({ beside, feedId }) => [beside, feedId])).toEqual([
      ['one', 'auth > siem'],
    ]);
    expect(track).toMatchObject({ state: 'done', sent: 2, toMs: untilMs });
  });

  it('ends where the live feed knows what it has sent, and never touches its checkpoint', async () => {
    const { duo, run, live, liveAt, fromMs, untilMs, feedOf, track } = rig();
    await liveAt({ positionMs: untilMs - hourMs, idsSinceMs: untilMs - 2 * hourMs });
    duo.add(600, fromMs, 60_000);
    expect(await run().go(never)).toEqual({ kind: 'done' });
    expect(feedOf.sink.ids).toEqual(ids(0, 480));
    expect(track.toMs).toBe(untilMs - 2 * hourMs);
    expect(live.saved).toHaveLength(1);
  });

  it('leaves the millisecond of the position to the live feed, which may be in the middle of it', async () => {
    const { duo, run, liveAt, fromMs, feedOf } = rig();
    await liveAt({ positionMs: fromMs + 5_000, idsSinceMs: fromMs + 5_001 });
    duo.add(10, fromMs, 1_000);
    await run().go(never);
    expect(feedOf.sink.ids).toEqual(ids(0, 5));
  });

  it('has nothing to do where all is the live feed’s', async () => {
    const { duo, run, liveAt, fromMs, feedOf, track } = rig();
    await liveAt({ positionMs: fromMs, idsSinceMs: fromMs });
    duo.add(5, fromMs);
    expect(await run().go(never)).toEqual({ kind: 'done' });
    expect([feedOf.sink.ids, track.sent, duo.asked]).toEqual([[], 0, []]);
  });

  it('waits until the live feed has begun, whose place it has to know', async () => {
    const { run, liveAt, duo, fromMs, feedOf } = rig();
    duo.add(3, fromMs);
    const going = run();
    expect(await going.go(never)).toEqual({ kind: 'waits', ms: 1_000 });
    await liveAt({});
    expect(await going.go(never)).toEqual({ kind: 'done' });
    expect(feedOf.sink.ids).toEqual(ids(0, 3));
  });

  it('reads to the end without a program that runs, and says that the feed never ran', async () => {
    const { run, duo, fromMs, feedOf, track } = rig();
    duo.add(3, fromMs);
    expect(await run({ isLive: false }).go(never)).toEqual({ kind: 'done' });
    expect(feedOf.sink.ids).toEqual(ids(0, 3));
    expect([track.neverRan, feedOf.sink.restored]).toEqual([true, [undefined]]);
  });

  it('goes on where it was stopped: nothing is lost, nothing comes twice', async () => {
    const { duo, run, liveAt, fromMs, feedOf, track } = rig();
    await liveAt({});
    duo.pageLimit = 7;
    duo.add(100, fromMs, 1_000);
    const stop = new AbortController();
    feedOf.sink.answer = async () => {
      if (feedOf.sink.ids.length > 30) stop.abort(new Error('stopped'));
      return undefined;
    };
    expect(await run().go(stop.signal)).toEqual({ kind: 'stopped' });
    const before = feedOf.sink.ids.length;
    expect(before).toBeLessThan(60);
    feedOf.sink.answer = async () => undefined;
    expect(await run().go(never)).toEqual({ kind: 'done' });
    expect(feedOf.sink.ids).toEqual(ids(0, 100));
    expect(track.sent).toBe(100);
    expect(track.sentNow).toBe(100);
  });

  it('sends a page again that was not confirmed, and the range keeps its end', async () => {
    const { duo, run, liveAt, fromMs, untilMs, feedOf, track } = rig();
    await liveAt({});
    duo.add(20, fromMs, 1_000);
    const abandon = new AbortController();
    feedOf.sink.answer = async () => {
      abandon.abort(new Error('killed'));
      throw new Error('killed');
    };
    await run({}, abandon.signal).go(never);
    expect(feedOf.sink.ids).toEqual([]);
    await liveAt({ positionMs: untilMs + hourMs, idsSinceMs: untilMs + hourMs });
    feedOf.sink.answer = async () => undefined;
    expect(await run({ untilMs: untilMs + hourMs }).go(never)).toEqual({ kind: 'done' });
    expect(feedOf.sink.ids).toEqual(ids(0, 20));
    expect(track.toMs).toBe(untilMs);
  });

  it('counts alone in a dry run: from one page, or as Duo counts more than that', async () => {
    const { duo, run, liveAt, fromMs, feedOf, track } = rig();
    await liveAt({});
    const places = openMemoryStore(() => 0);
    duo.add(40, fromMs - 10_000, 1_000);
    expect(await run({ dryRun: true }).go(never)).toEqual({ kind: 'done' });
    expect([track.sent, feedOf.sink.ids, await places.list()]).toEqual([30, [], []]);
    expect(feedOf.sink.restored).toEqual([]);
  });

  it('waits as long as Duo says after a 429, and goes on', async () => {
    const parts = rig();
    await parts.liveAt({});
    parts.duo.add(5, parts.fromMs);
    parts.duo.fault = (call) => (call === 1 ? 'duo_rate_limited' : undefined);
    const going = parts.run();
    const outcome = await going.go(never);
    expect(outcome).toMatchObject({ kind: 'waits' });
    expect(outcome.kind === 'waits' && outcome.ms).toBeGreaterThanOrEqual(59_000);
    expect(parts.limited).toBe(1);
    expect(await going.go(never)).toEqual({ kind: 'done' });
    expect(parts.feedOf.sink.ids).toEqual(ids(0, 5));
  });

  it('gives up what Duo refuses, tries again what failed', async () => {
    const refused = rig();
    await refused.liveAt({});
    refused.duo.fault = () => 'duo_forbidden';
    expect(await refused.run().go(never)).toEqual({ kind: 'failed' });
    expect(refused.track).toMatchObject({ state: 'failed', failure: { code: 'duo_forbidden' } });
    const reset = rig();
    await reset.liveAt({});
    reset.duo.fault = (call) => (call === 1 ? failure('duo_reset', 'cut') : undefined);
    reset.duo.add(2, reset.fromMs);
    const going = reset.run();
    expect(await going.go(never)).toMatchObject({ kind: 'waits' });
    expect(await going.go(never)).toEqual({ kind: 'done' });
    expect(reset.feedOf.sink.ids).toEqual(ids(0, 2));
  });

  it('does without an offset that Duo does not take any more', async () => {
    const { duo, run, liveAt, fromMs, feedOf } = rig();
    await liveAt({});
    duo.pageLimit = 10;
    duo.add(50, fromMs, 1_000);
    duo.fault = (call) => (call === 3 ? 'duo_bad_request' : undefined);
    const going = run();
    expect(await going.go(never)).toEqual({ kind: 'waits', ms: 0 });
    expect(await going.go(never)).toEqual({ kind: 'done' });
    expect(feedOf.sink.ids).toEqual(ids(0, 50));
  });

  it('puts an event aside that cannot be formatted, for the feed itself', async () => {
    const { duo, run, liveAt, fromMs, feedOf, letters } = rig();
    await liveAt({});
    duo.add(3, fromMs);
    const { formatter } = feedOf;
    Object.assign(feedOf, {
      formatter: {
        ...formatter,
        format: (...args: Parameters<typeof formatter.format>) => {
          if (args[0].id === 't1') throw new Error('odd');
          return formatter.format(...args);
        },
      },
    });
    await run().go(never);
    expect(feedOf.sink.ids).toEqual(['t0', 't2']);
    expect(letters).toMatchObject([{ feedId: 'auth > siem', eventId: 't1' }]);
  });
});
