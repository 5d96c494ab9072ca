import { describe, expect, it } from 'vitest';
import type { Cursor, OpenWindow } from '../../src/core/cursor.ts';
import { Row } from '../../src/core/row.ts';
import { takePage, type RowFacts } from '../../src/engine/take-page.ts';
import { begin, open } from '../../src/engine/window.ts';
import { rules } from './parts.ts';

const nowMs = Date.UTC(2026, 0, 10, 12);
const v1 = { ...rules, unit: 's', hasEnd: false } as const;

function facts(text: string, timeMs?: number, id?: string): RowFacts {
  return { row: new Row(Buffer.from(text)), id, timeMs };
}

function window(): Cursor & { readonly window: OpenWindow } {
  const opened = open(begin(nowMs - 600_000), nowMs, rules);
  if (opened === undefined) throw new Error('nothing to ask');
  return opened.cursor;
}

describe('a page', () => {
  it("hands on each row's bytes as Duo sent them, uncopied", () => {
    const given = facts('{"b": 1.50, "a":"\\/"}', nowMs - 1000, 'x');
    const [event] = takePage([given], window(), rules).events;
    expect(event?.source).toBe(given.row.source);
    expect(event?.body).toEqual({ b: 1.5, a: '/' });
  });

  it('does not count a row twice that stands on it twice with one id', () => {
    const page = takePage(
      [facts('{}', nowMs - 1, 'x'), facts('{}', nowMs - 1, 'x')],
      window(),
      rules,
    );
    expect(page.events).toHaveLength(1);
    expect(page.count).toBe(2);
  });

  it('knows a row without an id by its text, whatever its blanks', () => {
    const first = takePage([facts('{"a":1}', nowMs - 5000)], window(), rules);
    const again = takePage([facts('{ "a" : 1 }', nowMs - 5000)], first.cursor, rules);
    expect(first.events).toHaveLength(1);
    expect(again.events).toEqual([]);
  });

  it('knows a row without an id that is too deep to be written anew', () => {
    const deep = facts(`{"a":${'['.repeat(100)}${']'.repeat(100)}}`, nowMs - 5000);
    const first = takePage([deep], window(), rules);
    expect(first.events).toHaveLength(1);
    expect(takePage([deep], first.cursor, rules).events).toEqual([]);
  });

  it('takes the time before for a row without one, and never moves the position by it', () => {
    const page = takePage(
      [facts('{"n":1}', nowMs - 5000, 'a'), facts('{"n":2}', undefined, 'b')],
      window(),
      rules,
    );
    expect(page.events.map(({ timeMs }) => timeMs)).toEqual([nowMs - 5000, nowMs - 5000]);
    expect(page.cursor).toMatchObject({ positionMs: nowMs - 5000, positionId: 'a' });
  });

  it('moves no position when no row has a time, and delivers all', () => {
    const page = takePage([facts('{"n":1}'), facts('{"n":2}')], window(), rules);
    expect(page.events).toHaveLength(2);
    expect(page.cursor.positionMs).toBe(nowMs - 600_000);
    expect(page.newestMs).toBeUndefined();
  });

  it('that holds a row dated after now moves the position to now at most', () => {
    for (const ruled of [rules, v1]) {
      const page = takePage([facts('{}', nowMs + 86_400_000, 'x')], window(), ruled);
      expect(page.events).toHaveLength(1);
      expect(page.cursor.positionMs).toBe(nowMs);
    }
  });

  it('tells true twins of a v1 second apart by their number, also when they come again', () => {
    const twin = () => facts('{"a":1}', nowMs - 5000);
    const first = takePage([twin(), twin()], window(), v1);
    expect(new Set(first.events.map(({ id }) => id)).size).toBe(2);
    const again = takePage([twin(), twin(), twin()], first.cursor, v1);
    expect(again.events).toHaveLength(1);
  });

  it('remembers no ids of what lies too far back to be asked for again', () => {
    const old = { ...begin(nowMs - 86_400_000) };
    const opened = open(old, nowMs, rules);
    if (opened === undefined) throw new Error('nothing to ask');
    const rows = Array.from({ length: 500 }, (_, i) =>
      facts('{}', nowMs - 80_000_000 + i * 1000, `t${i}`),
    );
    const page = takePage(rows, opened.cursor, rules);
    expect(page.events).toHaveLength(500);
    expect(page.cursor.taken.length).toBeLessThan(100);
    expect(page.cursor.idsSinceMs).toBe(page.cursor.positionMs + 1);
  });

  it('is named by its rows, so that the same one served twice is seen', () => {
    const rows = [facts('{"a":1}', nowMs - 2000, 'a'), facts('{"b":1}', nowMs - 1000, 'b')];
    const first = takePage(rows, window(), rules);
    const cursor = {
      ...first.cursor,
      window: { ...first.cursor.window, lastPage: first.name },
    };
    expect(takePage(rows, cursor, rules).again).toBe(true);
    expect(takePage(rows.slice(1), cursor, rules).again).toBe(false);
    expect(takePage([], cursor, rules)).toMatchObject({ name: '', again: false });
  });

  it('tells how late an event is at least, by the re-read that did not show it yet', () => {
    const minuteMs = 60_000;
    const late = facts('{"a":1}', nowMs - 9 * minuteMs, 'late');
    const given = { ...begin(nowMs - 10 * minuteMs), positionMs: nowMs - 8 * minuteMs };
    const at = (cursor: Cursor, how = rules): number => {
      const opened = open(cursor, nowMs, how);
      if (opened === undefined) throw new Error('nothing to ask');
      expect(opened.cursor.window.rereadPages).toBe(0);
      const page = takePage([late], opened.cursor, how);
      expect(page.late).toBe(1);
      return page.lateByMs;
    };
    expect(at({ ...given, rereadAtMs: nowMs - 2 * minuteMs - 600_000 })).toBe(0);
    expect(at({ ...given, rereadAtMs: nowMs - minuteMs })).toBe(8 * minuteMs);
    // Not where only a part was read again, nor where a change of state looks like a late row.
    expect(at({ ...given, rereadAtMs: nowMs - minuteMs, rereadToMs: nowMs - 9.5 * minuteMs })).toBe(
      0,
    );
    expect(at({ ...given, rereadAtMs: nowMs - minuteMs }, { ...rules, ordered: false })).toBe(0);
  });
});
