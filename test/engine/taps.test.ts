import { describe, expect, it } from 'vitest';
import type { JsonObject, Line } from '../../src/core/types.ts';
import { Row } from '../../src/core/row.ts';
import { Delivery } from '../../src/engine/delivery.ts';
import { type Tap, Taps } from '../../src/engine/taps.ts';
import { begin } from '../../src/engine/window.ts';
import { ForwarderError } from '../../src/core/errors.ts';
import { bench, never } from './parts.ts';
import { rest } from './test-clock.ts';

function lines(count: number, text = 'line'): Line[] {
  return Array.from({ length: count }, (_, i) => {
    return { bytes: Buffer.from(`${text} ${i}`), id: `id-${i}`, timeMs: 1_000 * i };
  });
}

interface Drained {
  readonly lines: readonly JsonObject[];
  readonly over_limit: number;
  readonly not_taken: number;
}
const drained = (tap: Tap): Drained => (tap.drain() ?? {}) as JsonObject & Drained;
const textsOf = (tap: Tap): unknown[] => drained(tap).lines.map(({ line }) => line);

describe('a tap', () => {
  it('shows each line with whose it is, of the feeds that are meant alone', () => {
    const parts = bench();
    const taps = new Taps(parts.clock);
    const tap = taps.open({ server: 'siem' }, 100);
    taps.went(parts.feed('siem'), lines(1));
    taps.went(parts.feed('archive'), lines(1));
    expect(tap.drain()).toEqual({
      lines: [
        {
          feed: 'auth > siem',
          account: 'main',
          account_id: null,
          endpoint: 'auth',
          server: 'siem',
          event_id: 'id-0',
          event_time: '1970-01-01T00:00:00.000Z',
          line: 'line 0',
        },
      ],
      over_limit: 0,
      not_taken: 0,
    });
    expect(tap.drain()).toBeUndefined();
  });

  it('takes so many a second, and counts the others', async () => {
    const parts = bench();
    const taps = new Taps(parts.clock);
    const tap = taps.open({}, 10);
    const feed = parts.feed('siem');
    taps.went(feed, lines(1_000));
    expect(drained(tap)).toMatchObject({ lines: { length: 10 }, over_limit: 990, not_taken: 0 });
    await parts.clock.sleep(500, never);
    taps.went(feed, lines(8));
    expect(drained(tap)).toMatchObject({ lines: { length: 5 }, over_limit: 3 });
    await parts.clock.sleep(3_600_000, never);
    taps.went(feed, lines(1_000));
    expect(drained(tap)).toMatchObject({ lines: { length: 10 }, over_limit: 990 });
  });

  it('keeps a bounded number of lines and bytes for a reader that takes nothing, and counts the rest', async () => {
    const parts = bench();
    const taps = new Taps(parts.clock);
    const tap = taps.open({}, 1_000);
    const feed = parts.feed('siem');
    for (let second = 0; second < 5; second += 1) {
      taps.went(feed, lines(1_000));
      await parts.clock.sleep(1_000, never);
    }
    expect(drained(tap)).toMatchObject({ lines: { length: 1_000 }, not_taken: 4_000 });
    taps.went(feed, lines(50, 'x'.repeat(100_000)));
    expect(drained(tap)).toMatchObject({ lines: { length: 9 }, not_taken: 41 });
    taps.went(feed, lines(1, 'x'.repeat(2_000_000)));
    expect(drained(tap)).toMatchObject({ lines: [], not_taken: 1 });
    taps.went(feed, lines(1));
    expect(textsOf(tap)).toEqual(['line 0']);
  });

  it('shows the line as it was, whatever becomes of its memory', () => {
    const parts = bench();
    const taps = new Taps(parts.clock);
    const tap = taps.open({}, 100);
    const bytes = Buffer.from('\u001b]0;title\u0007 \u202e größe \ufeff');
    const text = bytes.toString('utf8');
    taps.went(parts.feed('siem'), [{ bytes, id: 'a', timeMs: Number.MAX_VALUE }]);
    bytes.fill(0);
    expect(textsOf(tap)).toEqual([text]);
  });

  it('is open until it is closed, for a few at a time', () => {
    const taps = new Taps(bench().clock);
    expect(taps.isOpen).toBe(false);
    const open = Array.from({ length: 4 }, () => taps.open({}, 1));
    expect(() => taps.open({}, 1)).toThrow(ForwarderError);
    open[0]?.close();
    open[0]?.close();
    taps.open({}, 1).close();
    for (const tap of open) tap.close();
    expect(taps.isOpen).toBe(false);
  });
});

describe('a delivery that is looked at', () => {
  const start = { cursor: begin(1_000) };
  const event = (txid: string) => {
    const row = new Row(Buffer.from(JSON.stringify({ txid })));
    return { id: txid, timeMs: 2_000, source: row.source, body: row.body };
  };

  it('shows lines when their server has confirmed them, not before', async () => {
    const parts = bench();
    const taps = new Taps(parts.clock);
    const tap = taps.open({}, 100);
    const feed = parts.feed('siem');
    let confirm: (() => void) | undefined;
    feed.sink.answer = () => new Promise((resolve) => (confirm = () => resolve(undefined)));
    const sent = new Delivery(feed, start, parts.tools({ taps }), never).send([event('a')]);
    await rest();
    expect(tap.drain()).toBeUndefined();
    confirm?.();
    expect(await sent).toBe(1);
    expect(drained(tap).lines).toMatchObject([{ event_id: 'a' }]);
  });

  it('shows no line that is set aside, and those before and after it once', async () => {
    const parts = bench();
    const taps = new Taps(parts.clock);
    const tap = taps.open({}, 100);
    const feed = parts.feed('siem');
    let refuses = true;
    feed.sink.answer = async () => {
      if (!refuses) return undefined;
      refuses = false;
      throw new ForwarderError('line_refused', 'no', { remedy: 'skip', index: 1 });
    };
    const delivery = new Delivery(feed, start, parts.tools({ taps }), never);
    await delivery.send(['a', 'b', 'c'].map(event));
    expect(drained(tap).lines.map((line) => line['event_id'])).toEqual(['a', 'c']);
    expect(parts.letters).toHaveLength(1);
  });
});
