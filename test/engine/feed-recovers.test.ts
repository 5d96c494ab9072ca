import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import type { ApiAnswer } from '../../src/core/types.ts';
import type { ApiRequest } from '../../src/duo/api.ts';
import { type Feed, type FeedTools, runFeed } from '../../src/engine/feed.ts';
import { begin } from '../../src/engine/window.ts';
import { answerOf } from './fake-duo.ts';
import { type Bench, bench, intervalMs, never, rules } from './parts.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

function run(parts: Bench, feed: Feed, more: Partial<FeedTools> = {}): Promise<boolean> {
  const start = { cursor: begin(parts.clock.startMs - hourMs) };
  return runFeed(feed, start, parts.tools(more), parts.stop.signal, parts.abandon.signal);
}

/** Twenty-five events of the last minutes, ten on a page. */
function paged(): Bench {
  const parts = bench();
  parts.duo.add(25, parts.clock.startMs - 600_000);
  parts.duo.pageLimit = 10;
  return parts;
}

/** Changes what Duo answers. */
function answering(
  { duo }: Bench,
  change: (answer: ApiAnswer, request: ApiRequest) => ApiAnswer,
): void {
  const send = duo.send.bind(duo);
  duo.send = async (request, signal) => change(await send(request, signal), request);
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `t${i}`);

describe('a feed gets on', () => {
  it('when Duo refuses offsets again and again, for good', async () => {
    const parts = paged();
    const refused = new Set<string>();
    parts.duo.fault = (_call, { next_offset: offset }) => {
      if (offset !== undefined && refused.size < 2) refused.add(offset);
      return refused.has(offset ?? '') ? 'duo_bad_request' : undefined;
    };
    const feed = parts.feed('siem');
    parts.stopAfter(hourMs);
    await run(parts, feed);
    expect(feed.sink.ids).toEqual(ids(25));
    expect(refused.size).toBe(2);
  });

  it('at the pace of its polls, and shown, while Duo refuses every offset', async () => {
    const parts = paged();
    parts.duo.fault = (_call, { next_offset: offset }) =>
      offset === undefined ? undefined : 'duo_bad_request';
    const feed = parts.feed('siem');
    parts.stopAfter(hourMs);
    await run(parts, feed);
    expect(feed.sink.ids).toEqual(ids(25));
    expect(parts.duo.asked.length).toBeLessThan((4 * hourMs) / intervalMs);
    expect(parts.said.map(({ fields }) => fields['code'])).toContain('duo_bad_request');
  });

  it('when an answer that no feed can use was kept for all', async () => {
    const parts = paged();
    let calls = 0;
    answering(parts, (answer) => ((calls += 1) === 1 ? { ...answer, lists: new Map() } : answer));
    const source = parts.source(true);
    const feeds = ['a', 'b'].map((server) => parts.feed(server, { source }));
    parts.stopAfter(hourMs);
    await Promise.all(feeds.map((feed) => run(parts, feed)));
    for (const feed of feeds) expect(feed.sink.ids).toEqual(ids(25));
  });

  it('from a first page that is asked for anew when the offset it gave is refused', async () => {
    const parts = paged();
    let refusals = 0;
    parts.duo.fault = (_call, { next_offset: offset }) =>
      offset !== undefined && (refusals += 1) === 1 ? 'duo_bad_request' : undefined;
    const feed = parts.feed('siem', { source: parts.source(true) });
    // The first page lies before the position: it is re-read with the very same request.
    const cursor = {
      ...begin(parts.clock.startMs - hourMs),
      positionMs: parts.clock.startMs - 580_000,
    };
    parts.stopAfter(intervalMs - 1);
    await runFeed(feed, { cursor }, parts.tools(), parts.stop.signal, parts.abandon.signal);
    const [first, , third] = parts.duo.asked;
    expect(third).toEqual(first);
  });
});

describe('a clock that is wrong until the first answer of Duo', () => {
  /** Duo's time is known from the first answer on. */
  function withClock(aheadMs: number): Bench {
    const parts = bench();
    let known = false;
    parts.duo.nowMs = () => parts.clock.nowMs() + (known ? 0 : aheadMs);
    answering(parts, (answer) => {
      known = true;
      return answer;
    });
    return parts;
  }

  it('loses no event that comes late', async () => {
    const parts = withClock(dayMs);
    const { clock, duo } = parts;
    duo.add(5, clock.startMs - 10_000);
    duo.rows.push({
      id: 'late',
      timeMs: clock.startMs - 8_500,
      visibleAtMs: clock.startMs + 80_000,
    });
    const feed = parts.feed('siem', { rules: { ...rules, settleMs: 120_000 } });
    parts.stopAfter(hourMs);
    await run(parts, feed);
    expect(feed.sink.ids.toSorted()).toEqual(['late', ...ids(5)]);
  });

  it('passes over nothing as too old, and says no gap', async () => {
    const parts = withClock(300 * dayMs);
    parts.duo.add(5, parts.clock.startMs - 10 * 60_000);
    const feed = parts.feed('siem');
    parts.stopAfter(hourMs);
    await run(parts, feed);
    expect(feed.sink.ids).toEqual(ids(5));
    expect(feed.status.gaps).toBe(0);
    expect(parts.store.saved.at(-1)?.cursor.readToMs).toBeLessThan(parts.clock.nowMs() + 1);
  });

  it('leaves nothing in a checkpoint when the program stops before that answer', async () => {
    const parts = withClock(300 * dayMs);
    parts.duo.fault = () => 'duo_timeout';
    parts.stopAfter(10_000);
    await run(parts, parts.feed('siem'));
    expect(parts.store.saved).toEqual([]);
  });
});

describe('a disk that has room at the very last moment only', () => {
  it("keeps the server's mark with its own position, never with the one before", async () => {
    const parts = bench();
    const feed = parts.feed('archive');
    feed.sink.answer = async () => 17;
    const running = run(parts, feed);
    await parts.clock.sleep(2.5 * intervalMs, never);
    parts.duo.add(2, parts.clock.nowMs());
    let failures = 1;
    parts.store.beforeSave = () => {
      const isFull = !parts.abandon.signal.aborted || failures-- > 0;
      if (isFull) throw new ForwarderError('checkpoint_write_failed', 'the disk is full');
    };
    await parts.clock.sleep(intervalMs, never);
    expect(feed.sink.ids).toEqual(ids(2));
    parts.stop.abort(new Error('SIGTERM'));
    parts.abandon.abort(new Error('too late'));
    await running;
    const last = parts.store.saved.at(-1);
    expect([last?.mark, last?.cursor.positionId]).toEqual([17, 't1']);
  });
});

describe('run --once', () => {
  it('reads on after a page that Duo kept short', async () => {
    const parts = paged();
    answering(parts, (answer) => {
      parts.duo.pageLimit = parts.duo.pageLimit === 10 ? 4 : 10;
      return answer;
    });
    const feed = parts.feed('siem');
    expect(await run(parts, feed, { once: true })).toBe(true);
    expect(feed.sink.ids).toEqual(ids(25));
  });

  it('reads on to now after the rest of a poll that an earlier run was stopped in', async () => {
    const parts = paged();
    const feed = parts.feed('siem');
    const stopped = new AbortController();
    parts.store.beforeSave = () => stopped.abort(new Error('stopped in the middle of a poll'));
    const start = { cursor: begin(parts.clock.startMs - hourMs) };
    await runFeed(feed, start, parts.tools(), stopped.signal, parts.abandon.signal);
    const cursor = parts.store.saved.at(-1)?.cursor ?? start.cursor;
    expect(cursor.window).toBeDefined();
    await parts.clock.sleep(hourMs, new AbortController().signal);
    parts.duo.add(5, parts.clock.nowMs() - 600_000);
    const again = parts.feed('siem');
    const tools = parts.tools({ once: true });
    const { signal } = new AbortController();
    expect(await runFeed(again, { cursor }, tools, signal, signal)).toBe(true);
    expect([...feed.sink.ids, ...again.sink.ids]).toEqual(ids(30));
  });

  it('says that something is left when its poll had to be broken off', async () => {
    const parts = paged();
    answering(parts, (answer, { params }) =>
      params['next_offset'] === undefined
        ? answer
        : answerOf('authlogs', [], { next_offset: 'on,on' }),
    );
    const feed = parts.feed('siem');
    expect(await run(parts, feed, { once: true })).toBe(false);
    expect(feed.sink.ids).toEqual(ids(10));
  });
});
