import { describe, expect, it } from 'vitest';
import { Row } from '../../src/core/row.ts';
import type { Cursor, OpenWindow } from '../../src/core/cursor.ts';
import { begin, open, read, type Reading } from '../../src/engine/window.ts';
import type { RowFacts } from '../../src/engine/take-page.ts';
import { rules } from './parts.ts';

const nowMs = Date.UTC(2026, 0, 10, 12);
const minuteMs = 60_000;
type Open = Cursor & { readonly window: OpenWindow };

function row(timeMs: number, id = `t${timeMs}`): RowFacts {
  return { row: new Row(Buffer.from(JSON.stringify({ id, timeMs }))), id, timeMs };
}

/** A cursor that took a row each minute of the last hour and is about to re-read. */
function caughtUp(): Cursor {
  let cursor = opened(begin(nowMs - 60 * minuteMs));
  const rows = Array.from({ length: 60 }, (_, i) => row(nowMs - (60 - i) * minuteMs));
  cursor = { ...cursor, ...read(rows, undefined, cursor, rules).next };
  const { window: _, ...rest } = cursor;
  return rest;
}

function opened(cursor: Cursor, at = nowMs): Open {
  const result = open(cursor, at, rules);
  if (result === undefined) throw new Error('nothing to ask');
  return result.cursor;
}

function goOn(reading: Reading): Open {
  const { window } = reading.next;
  if (window === undefined) throw new Error('the poll is over');
  return { ...reading.next, window };
}

describe('a re-read', () => {
  it('begins a look-back before the position and repeats nothing', () => {
    const cursor = opened(caughtUp(), nowMs + 10 * minuteMs);
    expect(cursor.window.mintimeMs).toBe(cursor.positionMs - rules.lookbackMs);
    const again = Array.from({ length: 40 }, (_, i) => row(nowMs - (40 - i) * minuteMs));
    const reading = read(again, undefined, cursor, rules);
    expect(reading.events).toEqual([]);
    expect(reading.next.positionMs).toBe(cursor.positionMs);
    expect(reading.next.rereadAtMs).toBe(nowMs + 10 * minuteMs);
  });

  it('delivers what came late and does not move back', () => {
    const cursor = opened(caughtUp(), nowMs + 10 * minuteMs);
    const late = row(nowMs - 30 * minuteMs + 1, 'late');
    const reading = read([late], undefined, cursor, rules);
    expect(reading.events.map(({ id }) => id)).toEqual(['late']);
    expect(reading.late).toBe(1);
    expect(reading.next.positionMs).toBe(cursor.positionMs);
  });

  it('is over after twenty pages, and the poll goes on with what is new', () => {
    let cursor = opened(caughtUp(), nowMs + 10 * minuteMs);
    const from = cursor.window.mintimeMs;
    let pages = 0;
    while (cursor.window.rereadPages !== undefined) {
      pages += 1;
      const page = [row(from + pages * 1000, `old${pages}`)];
      cursor = goOn(read(page, `${from + pages * 1000},old${pages}`, cursor, rules));
    }
    expect(pages).toBe(20);
    expect(cursor.window.offset).toBeUndefined();
    expect(cursor.window.mintimeMs).toBe(cursor.positionMs);
    expect(cursor.rereadAtMs).toBe(nowMs + 10 * minuteMs);
  });

  /** A poll of empty pages that lead on. */
  const brokenOff = (from: Cursor, atMs: number): Cursor => {
    let cursor = opened(from, atMs);
    for (let i = 0; i < 3; i += 1) cursor = goOn(read([], `x${i}`, cursor, rules));
    const last = read([], 'x3', cursor, rules);
    expect([last.more, last.whole]).toEqual([false, false]);
    return last.next;
  };

  it('that breaks off is tried again by the next two polls, and then what is new waits no longer', () => {
    const firstMs = nowMs + 10 * minuteMs;
    let cursor: Cursor = caughtUp();
    const begins: boolean[] = [];
    for (let poll = 0; poll < 3; poll += 1) {
      const atMs = firstMs + poll * 2 * minuteMs;
      begins.push(opened(cursor, atMs).window.rereadPages === 0);
      cursor = brokenOff(cursor, atMs);
    }
    expect(begins).toEqual([true, true, true]);
    expect(cursor.rereadAtMs).toBe(firstMs + 4 * minuteMs);
    expect(cursor.rereadsBroken).toBeUndefined();
    expect(opened(cursor, firstMs + 6 * minuteMs).window.rereadPages).toBeUndefined();
  });

  it('that is whole after one that broke off leaves nothing owed', () => {
    const broken = brokenOff(caughtUp(), nowMs + 10 * minuteMs);
    expect(broken.rereadsBroken).toBe(1);
    const again = opened(broken, nowMs + 12 * minuteMs);
    const { next } = read([], undefined, again, rules);
    expect([next.rereadsBroken, next.rereadAtMs]).toEqual([undefined, nowMs + 12 * minuteMs]);
  });

  it('comes at the same time for all feeds of a source, whenever each began', () => {
    const grid = (cursor: Cursor, at: number) => opened(cursor, at).window.rereadPages === 0;
    const early = { ...caughtUp(), rereadAtMs: nowMs - 9 * minuteMs };
    const late = { ...caughtUp(), rereadAtMs: nowMs - minuteMs };
    for (const [at, due] of [
      [nowMs - 1, false],
      [nowMs, true],
    ] as const) {
      expect([grid(early, at), grid(late, at)]).toEqual([due, due]);
    }
  });
});

describe('an offset', () => {
  const first = () => opened(begin(nowMs - 60 * minuteMs));
  const page = [row(nowMs - 50 * minuteMs), row(nowMs - 49 * minuteMs)];

  it('is followed until there is none', () => {
    const cursor = goOn(read(page, 'a', first(), rules));
    expect(cursor.window.offset).toBe('a');
    const last = read([row(nowMs - 40 * minuteMs)], undefined, cursor, rules);
    expect(last.more).toBe(false);
    expect(last.next.readToMs).toBe(nowMs);
  });

  it('that comes back unchanged begins the window anew at the position, once', () => {
    const second = goOn(read(page, 'a', first(), rules));
    const more = [row(nowMs - 48 * minuteMs), row(nowMs - 47 * minuteMs)];
    const anew = goOn(read(more, 'a', second, rules));
    expect(anew.window).toMatchObject({
      mintimeMs: nowMs - 47 * minuteMs,
      endMs: nowMs,
      restarted: true,
    });
    expect(anew.window.offset).toBeUndefined();
    const third = goOn(
      read([row(nowMs - 46 * minuteMs), row(nowMs - 45 * minuteMs)], 'b', anew, rules),
    );
    const over = read([row(nowMs - 44 * minuteMs), row(nowMs - 43 * minuteMs)], 'b', third, rules);
    expect(over.more).toBe(false);
    // Not read to its end: the position stands where the last row was.
    expect(over.next).toMatchObject({
      positionMs: nowMs - 43 * minuteMs,
      readToMs: nowMs - 60 * minuteMs,
    });
  });

  it('that leads to the same page once more is followed without delivering it twice', () => {
    const second = goOn(read(page, 'a', first(), rules));
    const again = read(page, 'b', second, rules);
    expect(again.events).toEqual([]);
    expect(again.more).toBe(true);
  });

  it('of a page as full as it was asked for is followed, however much fuller others were', () => {
    const full = { ...first(), fullest: 1000 };
    const passed = [row(nowMs - 2_000), row(nowMs - 1_000)];
    expect(read(passed, 'a', full, rules).more).toBe(false);
    expect(read(passed, 'a', full, { ...rules, asked: 3 }).more).toBe(false);
    expect(read(passed, 'a', full, { ...rules, asked: 2 }).more).toBe(true);
  });

  it('of an empty page is followed, but the time is not passed over', () => {
    const cursor = goOn(read([], 'a', first(), rules));
    expect(cursor.positionMs).toBe(nowMs - 60 * minuteMs);
    expect(cursor.window.offset).toBe('a');
  });
});

describe('a v1 page that is served twice', () => {
  it('ends the poll and repeats nothing, although its first rows are forgotten by now', () => {
    const v1 = { ...rules, unit: 's', hasEnd: false, pageLimit: 3 } as const;
    const result = open(begin(nowMs - 90 * minuteMs), nowMs, v1);
    if (result === undefined) throw new Error('nothing to ask');
    const page = [90, 89, 5].map((minutes) => row(nowMs - minutes * minuteMs));
    const second = goOn(read(page, undefined, result.cursor, v1));
    const again = read(page, undefined, second, v1);
    expect(again.events).toEqual([]);
    expect(again).toMatchObject({ more: false, whole: false });
    expect(again.next.positionMs).toBe(nowMs - 5 * minuteMs);
  });
});

describe('an endpoint that promises no order', () => {
  const unordered = { ...rules, ordered: false };
  const start = () => {
    const result = open(begin(nowMs - 60 * minuteMs), nowMs, unordered);
    if (result === undefined) throw new Error('nothing to ask');
    return result.cursor;
  };

  it('moves its position only at the end of the window, to the newest time seen', () => {
    const newest = row(nowMs - 5 * minuteMs);
    const one = read([newest, row(nowMs - 30 * minuteMs)], 'a', start(), unordered);
    expect(one.events).toHaveLength(2);
    expect(one.next.positionMs).toBe(nowMs - 60 * minuteMs);
    const two = read([row(nowMs - 40 * minuteMs)], undefined, goOn(one), unordered);
    expect(two.next.positionMs).toBe(nowMs - 5 * minuteMs);
    expect(two.more).toBe(false);
  });

  it('repeats nothing of an open window after a restart between its pages', () => {
    const rows = [row(nowMs - 5 * minuteMs), row(nowMs - 30 * minuteMs)];
    const one = read(rows, 'a', start(), unordered);
    const cursor = JSON.parse(JSON.stringify(goOn(one))) as Open;
    const two = read([...rows, row(nowMs - 20 * minuteMs)], undefined, cursor, unordered);
    expect(two.events.map(({ timeMs }) => timeMs)).toEqual([nowMs - 20 * minuteMs]);
  });

  it('does not end a poll early at a short page', () => {
    const full = read(
      [row(nowMs - 9 * minuteMs), row(nowMs - 8 * minuteMs)],
      'a',
      start(),
      unordered,
    );
    expect(read([row(nowMs - 7 * minuteMs)], 'b', goOn(full), unordered).more).toBe(true);
  });

  it('is not moved past real rows by one that is dated after now', () => {
    const future = read([row(nowMs + 60 * minuteMs)], undefined, start(), unordered);
    expect(future.next.positionMs).toBe(nowMs);
  });
});
