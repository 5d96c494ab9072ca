import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import { type BeginTools, startOf, type TakenOver } from '../../src/engine/begin.ts';
import { runFeed } from '../../src/engine/feed.ts';
import { begin, oldestMs } from '../../src/engine/window.ts';
import { type Bench, bench, never } from './parts.ts';

const dayMs = 86_400_000;

function tools(parts: Bench, found?: TakenOver): BeginTools & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    checkpoints: parts.store,
    clock: parts.clock,
    log: parts.log,
    sinceMs: () => parts.clock.startMs - 3 * dayMs,
    takeOver: async ({ id }) => {
      asked.push(id);
      return found;
    },
  };
}

describe('where a feed begins', () => {
  it('is its own checkpoint, whatever other programs left', async () => {
    const parts = bench();
    const feed = parts.feed('siem');
    const own = { cursor: begin(parts.clock.startMs - 5000), mark: 7 };
    await parts.store.save(feed.identity, own);
    const begins = tools(parts);
    expect(await startOf(feed, begins, never)).toEqual(own);
    expect(begins.asked).toEqual([]);
    expect(parts.store.saved).toHaveLength(1);
    expect(parts.said[0]).toMatchObject({
      sentence: 'The feed goes on',
      fields: { feed: 'auth > siem', from: '2026-01-10T11:59:55.000Z' },
    });
  });

  it("is where Duo Log Sync stopped, without that event's repetition", async () => {
    const parts = bench();
    parts.duo.add(5, parts.clock.startMs - 60_000);
    const feed = parts.feed('siem');
    const positionMs = parts.clock.startMs - 58_000;
    const found = { positionMs, positionId: 't2', file: '/old/authlog', proven: true };
    const start = await startOf(feed, tools(parts, found), never);
    expect(parts.said[0]).toMatchObject({
      sentence: 'The feed goes on where Duo Log Sync stopped',
      fields: { file: '/old/authlog', proven: true, from: '2026-01-10T11:59:02.000Z' },
    });
    parts.stopAfter(1000);
    await runFeed(feed, start, parts.tools(), parts.stop.signal, never);
    expect(feed.sink.ids).toEqual(['t3', 't4']);
  });

  it('is `offset` days back when there is nothing, and the log names the date', async () => {
    const parts = bench();
    const start = await startOf(parts.feed('siem'), tools(parts), never);
    expect(start.cursor.positionMs).toBe(parts.clock.startMs - 3 * dayMs);
    expect(parts.said[0]).toMatchObject({
      sentence: 'The feed has no checkpoint and begins',
      fields: { from: '2026-01-07T12:00:00.000Z' },
    });
  });

  it('is never older than what Duo still serves', async () => {
    const parts = bench();
    const begins = { ...tools(parts), sinceMs: () => parts.clock.startMs - 180 * dayMs };
    const start = await startOf(parts.feed('siem'), begins, never);
    expect(start.cursor.positionMs).toBe(oldestMs(parts.clock.startMs));
  });

  it('is saved at once, so that a server that is down for days still gets everything from there', async () => {
    const parts = bench();
    const feed = parts.feed('siem');
    const start = await startOf(feed, tools(parts), never);
    expect(await parts.store.load(feed.identity)).toEqual(start);
  });

  it('is not made up when the checkpoint cannot be read', async () => {
    const parts = bench();
    parts.store.beforeLoad = () => {
      throw new ForwarderError('checkpoint_unreadable', 'torn', { remedy: 'park' });
    };
    const begins = tools(parts);
    await expect(startOf(parts.feed('siem'), begins, never)).rejects.toMatchObject({
      code: 'checkpoint_unreadable',
    });
    expect(begins.asked).toEqual([]);
    expect(parts.store.saved).toEqual([]);
  });
});
