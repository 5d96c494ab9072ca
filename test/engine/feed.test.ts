import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import { type Feed, type FeedTools, runFeed } from '../../src/engine/feed.ts';
import { begin } from '../../src/engine/window.ts';
import { type Bench, bench, intervalMs, never } from './parts.ts';
import { rest } from './test-clock.ts';

const hourMs = 3_600_000;

function run(parts: Bench, feed: Feed, more: Partial<FeedTools> = {}): Promise<boolean> {
  const start = { cursor: begin(parts.clock.startMs - hourMs) };
  return runFeed(feed, start, parts.tools(more), parts.stop.signal, parts.abandon.signal);
}

/** A bench with some events of the last minutes. */
function filled(count: number): Bench {
  const parts = bench();
  parts.duo.add(count, parts.clock.startMs - 600_000);
  return parts;
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `t${i}`);

describe('a feed', () => {
  it('delivers page after page without a pause, then waits for the next beat', async () => {
    const parts = filled(25);
    parts.duo.pageLimit = 10;
    const feed = parts.feed('siem');
    parts.stopAfter(intervalMs - 1);
    await run(parts, feed);
    expect(feed.sink.ids).toEqual(ids(25));
    expect(parts.duo.asked).toHaveLength(3);
  });

  it('counts a poll of several pages as one cycle', async () => {
    const parts = filled(25);
    parts.duo.pageLimit = 10;
    const feed = parts.feed('siem');
    parts.stopAfter(intervalMs + 1_000);
    await run(parts, feed);
    expect(feed.status).toMatchObject({
      cycles: 2,
      lastCycleMs: parts.clock.startMs + intervalMs,
      takenBeforeMs: undefined,
    });
  });

  it('knows after a restart how far the log was taken before', async () => {
    const parts = bench();
    const feed = parts.feed('siem');
    parts.stopAfter(1_000);
    const positionMs = parts.clock.startMs - hourMs;
    const start = { cursor: { ...begin(positionMs), positionId: 't1' } };
    await runFeed(feed, start, parts.tools(), parts.stop.signal, parts.abandon.signal);
    expect(feed.status.takenBeforeMs).toBe(positionMs);
  });

  it('delivers what happens later within one interval', async () => {
    const parts = filled(1);
    const feed = parts.feed('siem');
    void parts.clock.sleep(30_000, never).then(() => parts.duo.add(2, parts.clock.nowMs()));
    parts.stopAfter(intervalMs + 1000);
    await run(parts, feed);
    expect(feed.sink.ids).toEqual(ids(3));
    expect(feed.status).toMatchObject({ delivered: 3, phase: 'ended' });
  });

  it('saves its checkpoint only after the server confirmed', async () => {
    const parts = filled(5);
    const feed = parts.feed('siem');
    let confirm = (): void => undefined;
    feed.sink.answer = () => new Promise((resolve) => (confirm = () => resolve(undefined)));
    const running = run(parts, feed);
    await rest();
    expect(parts.store.saved).toEqual([]);
    confirm();
    await rest();
    expect(parts.store.saved).toHaveLength(1);
    expect(parts.store.saved[0]?.cursor.positionId).toBe('t4');
    parts.stop.abort(new Error('done'));
    await running;
  });

  it("saves the server's mark with the position, and hands the last one back at the start", async () => {
    const parts = filled(1);
    const feed = parts.feed('siem');
    feed.sink.answer = async () => 17;
    parts.stopAfter(1_000);
    const cursor = begin(parts.clock.startMs - hourMs);
    const start = { cursor, mark: 16 };
    await runFeed(feed, start, parts.tools(), parts.stop.signal, parts.abandon.signal);
    expect(feed.sink.restored).toEqual([16]);
    expect(parts.store.saved[0]?.mark).toBe(17);
  });

  it('keeps the last mark when a delivery brings none', async () => {
    const parts = filled(2);
    parts.duo.pageLimit = 1;
    const feed = parts.feed('siem');
    const marks = [17, undefined];
    feed.sink.answer = async () => marks.shift();
    parts.stopAfter(1_000);
    await run(parts, feed);
    expect(parts.store.saved.slice(0, 2).map(({ mark }) => mark)).toEqual([17, 17]);
  });

  it('saves nothing while nothing is delivered and less than an hour has passed', async () => {
    const parts = bench();
    parts.stopAfter(50 * 60_000);
    const running = run(parts, parts.feed('siem'), {});
    await parts.clock.sleep(49 * 60_000, never);
    // The begin itself was an hour ago: the first poll reads that hour and says so.
    expect(parts.store.saved).toHaveLength(1);
    await running;
  });

  it('saves an hour of silence, so that it is never taken for a gap', async () => {
    const parts = bench();
    parts.stopAfter(3 * hourMs + 30 * 60_000);
    await run(parts, parts.feed('siem'));
    const readTo = parts.store.saved.map(({ cursor }) => cursor.readToMs - parts.clock.startMs);
    expect(readTo.slice(0, 4)).toEqual([0, hourMs, 2 * hourMs, 3 * hourMs]);
  });

  it('saves at the end what it read in vain', async () => {
    const parts = bench();
    parts.stopAfter(30 * 60_000 + 1);
    await run(parts, parts.feed('siem'));
    const last = parts.store.saved.at(-1);
    expect(last?.cursor.readToMs).toBe(parts.clock.startMs + 30 * 60_000);
  });

  it('tries a failed save again as a save, shown as trouble, and sends nothing again', async () => {
    const parts = filled(5);
    const feed = parts.feed('siem');
    let failures = 3;
    parts.store.beforeSave = () => {
      if (failures-- > 0) throw new ForwarderError('checkpoint_write_failed', 'the disk is full');
    };
    parts.stopAfter(intervalMs - 1);
    await run(parts, feed);
    expect(feed.sink.confirmed).toHaveLength(1);
    expect(parts.store.saved[0]?.cursor.positionId).toBe('t4');
    const codes = parts.said.map(({ sentence, fields }) => fields['code'] ?? sentence);
    expect(codes).toEqual(['checkpoint_write_failed', 'The feed is well again']);
  });

  it('sets an event aside that no line can be made of, and the rest goes on', async () => {
    const parts = filled(5);
    const feed = parts.feed('siem', {
      formatter: {
        format: ({ id }) => {
          if (id === 't2') throw new Error('no line for t2');
          return Buffer.from(id);
        },
      },
    });
    parts.stopAfter(1_000);
    await run(parts, feed);
    expect(feed.sink.ids).toEqual(['t0', 't1', 't3', 't4']);
    expect(parts.letters).toMatchObject([
      { eventId: 't2', reason: 'unformattable', detail: 'no line for t2', serverId: 'siem' },
    ]);
    expect(parts.letters[0]?.line).toBeUndefined();
    expect(Buffer.from(parts.letters[0]?.row ?? []).toString()).toContain('"txid":"t2"');
    expect(feed.status).toMatchObject({ delivered: 4, setAside: 1 });
    expect(parts.store.saved[0]?.cursor.positionId).toBe('t4');
  });

  it('sets a line aside that the server alone refuses, and the rest goes on', async () => {
    const parts = filled(5);
    const feed = parts.feed('siem');
    feed.sink.answer = async ({ lines, ...batch }) => {
      const index = lines.findIndex(({ id }) => id === 't1' || id === 't3');
      if (index < 0) return undefined;
      // The contract: what stands before the refused line is confirmed.
      feed.sink.confirmed.push({ ...batch, lines: lines.slice(0, index) });
      throw new ForwarderError('line_refused', 'refused', { remedy: 'skip', index });
    };
    parts.stopAfter(1_000);
    await run(parts, feed);
    expect(feed.sink.ids).toEqual(['t0', 't2', 't4']);
    expect(parts.letters.map(({ eventId, reason }) => [eventId, reason])).toEqual([
      ['t1', 'refused'],
      ['t3', 'refused'],
    ]);
    // As the server would not have it, and as Duo sent it.
    expect(Buffer.from(parts.letters[0]?.line ?? []).toString()).toContain('"txid": "t1"');
    expect(Buffer.from(parts.letters[0]?.row ?? []).toString()).toContain('"txid":"t1"');
    expect(parts.store.saved[0]?.cursor.positionId).toBe('t4');
  });

  it('goes past a page of which no event can be delivered, and saves that at once', async () => {
    const parts = filled(2);
    const feed = parts.feed('siem', {
      formatter: {
        format: () => {
          throw new Error('never');
        },
      },
    });
    void parts.clock.sleep(30_000, never).then(() => {
      expect(parts.store.saved.map(({ cursor }) => cursor.positionId)).toEqual(['t1']);
    });
    parts.stopAfter(60_000);
    await run(parts, feed);
    expect(parts.letters).toHaveLength(2);
  });

  it('does not go past an event that it could not even set aside', async () => {
    const parts = filled(1);
    let full = true;
    const feed = parts.feed('siem', {
      formatter: {
        format: () => {
          throw new Error('never');
        },
      },
    });
    void parts.clock.sleep(60_000, never).then(() => {
      expect(parts.store.saved).toEqual([]);
      full = false;
    });
    parts.stopAfter(15 * 60_000);
    await run(parts, feed, {
      deadLetters: {
        add: async (letter) => {
          if (full) throw new ForwarderError('dead_letter_full', 'full');
          parts.letters.push(letter);
        },
      },
    });
    expect(parts.letters).toHaveLength(1);
    expect(parts.store.saved[0]?.cursor.positionId).toBe('t0');
  });
});

describe('a feed in trouble with Duo', () => {
  it('backs off with doubling waits, outside of the places of its server', async () => {
    const parts = filled(3);
    const feed = parts.feed('siem');
    const at: number[] = [];
    parts.duo.fault = (call) => {
      at.push(parts.clock.monotonicMs());
      return call <= 4 ? 'duo_server_error' : undefined;
    };
    void parts.clock.sleep(200, never).then(() => expect(feed.slots.taken).toBe(0));
    parts.stopAfter(60_000);
    await run(parts, feed);
    const waits = at.slice(1, 5).map((timeMs, i) => timeMs - (at[i] ?? 0));
    [1, 2, 4, 8].forEach((seconds, i) => {
      expect(waits[i]).toBeGreaterThanOrEqual(seconds * 500);
      expect(waits[i]).toBeLessThanOrEqual(seconds * 1000 + 100);
    });
    expect(feed.sink.ids).toEqual(ids(3));
    expect(parts.said.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  it.each([
    ['duo_server_error', 1_000],
    ['duo_forbidden', 900_000],
  ] as const)(
    'waits after %s as short as the first time once all was well',
    async (code, stepMs) => {
      const parts = filled(1);
      const at: number[] = [];
      // Three failures, a good answer, one more failure.
      parts.duo.fault = (call) => {
        at.push(parts.clock.monotonicMs());
        return call <= 3 || call === 5 ? code : undefined;
      };
      parts.stopAfter(4 * hourMs);
      await run(parts, parts.feed('siem'));
      expect((at[3] ?? 0) - (at[2] ?? 0)).toBeGreaterThan(1.9 * stepMs);
      expect((at[5] ?? 0) - (at[4] ?? 0)).toBeLessThan(1.1 * stepMs);
    },
  );

  it('waits as long as Duo asks for', async () => {
    const parts = filled(1);
    parts.duo.fault = (call) =>
      call === 1 ? new ForwarderError('busy', 'wait', { retryAfterMs: 50_000 }) : undefined;
    const feed = parts.feed('siem');
    parts.stopAfter(49_000);
    await run(parts, feed);
    expect(parts.duo.asked).toHaveLength(1);
    expect(feed.sink.ids).toEqual([]);
  });

  it('is parked by a refusal and tests itself after a quarter of an hour, then ever more rarely', async () => {
    const parts = filled(1);
    const feed = parts.feed('siem');
    const at: number[] = [];
    parts.duo.fault = () => {
      at.push(parts.clock.monotonicMs() / 60_000);
      return 'duo_forbidden';
    };
    void parts.clock.sleep(1_000, never).then(() => expect(feed.status.phase).toBe('parked'));
    parts.stopAfter(5 * hourMs);
    await run(parts, feed);
    const waits = at.slice(1).map((minute, i) => minute - (at[i] ?? 0));
    expect(waits[0]).toBeGreaterThanOrEqual(7.5);
    expect(waits[0]).toBeLessThanOrEqual(15.1);
    expect(waits[2]).toBeGreaterThanOrEqual(30);
    expect(parts.said).toHaveLength(1);
  });

  it('goes on where it was when the refusal is lifted', async () => {
    const parts = filled(3);
    parts.duo.fault = (call) => (call === 1 ? 'duo_forbidden' : undefined);
    const feed = parts.feed('siem');
    parts.stopAfter(hourMs);
    await run(parts, feed);
    expect(feed.sink.ids).toEqual(ids(3));
  });

  it('takes being told to wait for no trouble: the limiter waits', async () => {
    const parts = filled(3);
    parts.duo.fault = (call) => (call === 1 ? 'duo_rate_limited' : undefined);
    const feed = parts.feed('siem');
    parts.stopAfter(intervalMs - 1);
    await run(parts, feed);
    expect(parts.said).toEqual([]);
    expect(feed.sink.ids).toEqual(ids(3));
  });

  it('begins the window anew, once a poll, when Duo refuses its offset', async () => {
    const parts = filled(25);
    parts.duo.pageLimit = 10;
    parts.duo.fault = (_call, { next_offset: offset }) =>
      offset === undefined ? undefined : 'duo_bad_request';
    const feed = parts.feed('siem');
    parts.stopAfter(1_000);
    await run(parts, feed);
    expect(feed.sink.ids).toEqual(ids(19));
    expect(parts.duo.asked).toHaveLength(4);
    expect(feed.status.problem?.code).toBe('duo_bad_request');
  });

  it('goes on after an offset that Duo forgot, and repeats nothing', async () => {
    const parts = filled(25);
    parts.duo.pageLimit = 10;
    parts.duo.fault = (call) => (call === 2 ? 'duo_bad_request' : undefined);
    const feed = parts.feed('siem');
    parts.stopAfter(1_000);
    await run(parts, feed);
    expect(feed.sink.ids).toEqual(ids(25));
    expect(parts.said).toEqual([]);
  });
});

describe('a feed that is to end when all is read', () => {
  it('ends with success once caught up', async () => {
    const parts = filled(25);
    parts.duo.pageLimit = 10;
    const feed = parts.feed('siem');
    expect(await run(parts, feed, { once: true })).toBe(true);
    expect(feed.sink.ids).toEqual(ids(25));
    expect(parts.store.saved.at(-1)?.cursor.positionId).toBe('t24');
  });

  it('ends with success when there is nothing', async () => {
    const parts = bench();
    expect(await run(parts, parts.feed('siem'), { once: true })).toBe(true);
  });

  it('ends with success when there is nothing to ask for yet', async () => {
    const parts = bench();
    const feed = parts.feed('siem');
    const start = { cursor: begin(parts.clock.startMs) };
    const tools = parts.tools({ once: true });
    expect(await runFeed(feed, start, tools, parts.stop.signal, parts.abandon.signal)).toBe(true);
    expect(parts.duo.asked).toEqual([]);
  });

  it('gives up after three tries, and what was delivered before stays saved', async () => {
    const parts = filled(25);
    parts.duo.pageLimit = 10;
    parts.duo.fault = (call) => (call > 1 ? 'duo_timeout' : undefined);
    const feed = parts.feed('siem');
    expect(await run(parts, feed, { once: true })).toBe(false);
    expect(parts.duo.asked).toHaveLength(4);
    expect(parts.store.saved.at(-1)?.cursor.positionId).toBe('t9');
  });

  it('gives up at once when Duo refuses', async () => {
    const parts = filled(1);
    parts.duo.fault = () => 'duo_forbidden';
    expect(await run(parts, parts.feed('siem'), { once: true })).toBe(false);
    expect(parts.duo.asked).toHaveLength(1);
  });
});

describe('a feed that is told to stop', () => {
  it('finishes the delivery under way, saves it, and fetches nothing more', async () => {
    const parts = filled(25);
    parts.duo.pageLimit = 10;
    const feed = parts.feed('siem');
    let confirm = (): void => undefined;
    feed.sink.answer = () => new Promise((resolve) => (confirm = () => resolve(undefined)));
    const running = run(parts, feed);
    await rest();
    parts.stop.abort(new Error('SIGTERM'));
    await rest();
    expect(parts.store.saved).toEqual([]);
    confirm();
    expect(await running).toBe(false);
    expect(parts.store.saved[0]?.cursor.positionId).toBe('t9');
    expect(parts.duo.asked).toHaveLength(1);
  });

  it('leaves a page unsaved whose delivery is abandoned, so that it is read again', async () => {
    const parts = filled(5);
    const feed = parts.feed('siem');
    feed.sink.answer = (_batch, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('abandoned')));
      });
    const running = run(parts, feed);
    await rest();
    parts.stop.abort(new Error('SIGTERM'));
    parts.abandon.abort(new Error('too late'));
    expect(await running).toBe(false);
    for (const { cursor } of parts.store.saved) {
      expect(cursor.positionMs).toBe(parts.clock.startMs - hourMs);
      expect(cursor.taken).toBe('');
    }
  });

  it('does not wait for a fetch under way', async () => {
    const parts = filled(5);
    parts.duo.gate = new Promise(() => undefined);
    const running = run(parts, parts.feed('siem'));
    await rest();
    parts.stop.abort(new Error('SIGTERM'));
    expect(await running).toBe(false);
  });

  it('still saves when the disk fails at first', async () => {
    const parts = filled(5);
    const feed = parts.feed('siem');
    let failures = 2;
    let confirm = (): void => undefined;
    feed.sink.answer = () => new Promise((resolve) => (confirm = () => resolve(undefined)));
    parts.store.beforeSave = () => {
      if (failures-- > 0) throw new ForwarderError('checkpoint_write_failed', 'the disk is full');
    };
    const running = run(parts, feed);
    await rest();
    parts.stop.abort(new Error('SIGTERM'));
    confirm();
    await running;
    expect(parts.store.saved[0]?.cursor.positionId).toBe('t4');
  });
});

describe('two feeds of one source', () => {
  it('share every call when their positions are the same', async () => {
    const parts = filled(25);
    parts.duo.pageLimit = 10;
    const source = parts.source(true);
    const feeds = [parts.feed('a', { source }), parts.feed('b', { source })];
    parts.stopAfter(3 * intervalMs - 1);
    await Promise.all(feeds.map((feed) => run(parts, feed)));
    expect(feeds.map(({ sink }) => sink.ids)).toEqual([ids(25), ids(25)]);
    // Three pages at once, then one a beat.
    expect(parts.duo.asked).toHaveLength(5);
  });

  it('share calls again once one that was away has caught up, and each drops its own repeats', async () => {
    const parts = filled(25);
    const source = parts.source(true);
    const [a, b] = [parts.feed('a', { source }), parts.feed('b', { source })];
    // Server b is down for six minutes after its first page.
    const down = parts.clock.sleep(3 * intervalMs + 30_000, never);
    b.sink.answer = async () => {
      await down;
      return undefined;
    };
    for (let i = 1; i <= 8; i += 1) {
      void parts.clock
        .sleep(i * intervalMs - 60_000, never)
        .then(() => parts.duo.add(3, parts.clock.nowMs()));
    }
    parts.stopAfter(8 * intervalMs + 1000);
    await Promise.all([run(parts, a), run(parts, b)]);
    expect(a.sink.ids).toEqual(ids(49));
    expect(b.sink.ids).toEqual(ids(49));
    // One call a beat for both, and one to catch up.
    expect(parts.duo.asked.length).toBeLessThanOrEqual(11);
  });
});
