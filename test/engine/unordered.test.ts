import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../src/core/cursor.ts';
import { Row } from '../../src/core/row.ts';
import { trustmonitor } from '../../src/endpoints/trustmonitor.ts';
import type { RowFacts } from '../../src/engine/take-page.ts';
import {
  abandonWindow,
  begin,
  open,
  read,
  reachMs,
  restart,
  type Opened,
  type WindowRules,
} from '../../src/engine/window.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const startMs = Date.UTC(2026, 0, 10, 12, 0, 0);
const rules: WindowRules = {
  unit: 'ms',
  hasEnd: true,
  ordered: false,
  pageLimit: 3,
  settleMs: 2 * minuteMs,
  lookbackMs: 24 * hourMs,
  rereadMs: 10 * minuteMs,
};

interface Odd {
  readonly key: string;
  readonly surfacedMs: number;
  readonly visibleAtMs: number;
  readonly changesAtMs?: number;
}

class BadRequest extends Error {}

/** Trust Monitor in memory: no order, offsets that are good for one window alone, states that change. */
class ModelMonitor {
  calls = 0;
  readonly #events: readonly Odd[];
  readonly #pageLimit: number;
  #places = new Map<string, { readonly request: string; readonly after: string }>();

  constructor(events: readonly Odd[], pageLimit: number) {
    // Keys are hashes, so their order is none.
    this.#events = [...events].sort((a, b) => (a.key < b.key ? -1 : 1));
    this.#pageLimit = pageLimit;
  }

  /** What Duo forgets: every offset that it gave out. */
  forget(): void {
    this.#places = new Map();
  }

  ask({ cursor: { window } }: Opened, nowMs: number): { rows: RowFacts[]; offset?: string } {
    this.calls += 1;
    if (window.mintimeMs < nowMs - 180 * 24 * hourMs) throw new BadRequest('180 days');
    const request = `${window.mintimeMs} ${window.endMs}`;
    const place = window.offset === undefined ? undefined : this.#places.get(window.offset);
    if (window.offset !== undefined && place?.request !== request) throw new BadRequest('offset');
    const found = this.#events
      .filter(({ visibleAtMs }) => visibleAtMs <= nowMs)
      .filter(({ surfacedMs: at }) => at >= window.mintimeMs && at <= window.endMs)
      .filter(({ key }) => place === undefined || key > place.after);
    const page = found.slice(0, this.#pageLimit);
    const last = page.at(-1);
    const rows = page.map((event) => factsOf(event, nowMs));
    if (last === undefined || found.length === page.length) return { rows };
    const offset = String((this.calls * 7919) % 100_003) + String(this.calls);
    this.#places.set(offset, { request, after: last.key });
    return { rows, offset };
  }
}

function factsOf({ key, surfacedMs, changesAtMs = Infinity }: Odd, nowMs: number): RowFacts {
  const state = changesAtMs <= nowMs ? 'processed' : 'new';
  const text = JSON.stringify({ sekey: key, state, surfaced_timestamp: surfacedMs });
  const row = new Row(new TextEncoder().encode(text));
  return { row, id: trustmonitor.id(row), timeMs: trustmonitor.timeMs(row) };
}

interface Run {
  readonly sinceMs: number;
  readonly untilMs: number;
  /** The time that each call takes. */
  readonly callMs: number;
  /** Before which call the program is restarted, or killed before it saved the page. */
  readonly disturb?: (call: number) => 'go' | 'restart' | 'kill' | 'forget';
}

/** Polls as a feed does: a refused offset begins the window anew, once more refused gives the poll up. */
function follow(
  duo: ModelMonitor,
  run: Run,
): { delivered: string[]; polls: number; cursor: Cursor } {
  const { sinceMs, untilMs, callMs, disturb = () => 'go' } = run;
  const delivered: string[] = [];
  let cursor = begin(sinceMs);
  let polls = 0;
  let nowMs = Math.max(startMs, sinceMs + 1);
  for (; nowMs < untilMs; nowMs += 2 * minuteMs) {
    for (let more = true; more && nowMs < untilMs; nowMs += callMs) {
      const opened = open(cursor, nowMs, rules);
      if (opened === undefined) break;
      expect(opened.gap).toBeUndefined();
      const what = disturb(duo.calls);
      if (what === 'forget') duo.forget();
      if (what === 'restart') cursor = JSON.parse(JSON.stringify(cursor)) as Cursor;
      try {
        const { rows, offset } = duo.ask(opened, nowMs);
        const page = read(rows, offset, opened.cursor, rules);
        delivered.push(...page.events.map(({ id }) => id));
        // Killed between delivery and save: the page comes once more.
        if (what !== 'kill') cursor = page.next;
        more = page.more || what === 'kill';
      } catch (error) {
        if (!(error instanceof BadRequest)) throw error;
        const again = restart(cursor);
        cursor = again ?? abandonWindow(cursor);
        more = again !== undefined;
      }
    }
    polls += 1;
  }
  return { delivered, polls, cursor };
}

const event = fc.record({
  atMs: fc.integer({ min: 0, max: 30 * hourMs }),
  lateMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20 * hourMs })),
  changesMs: fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: 22 * hourMs })),
});

function eventsOf(made: readonly { atMs: number; lateMs: number; changesMs?: number }[]): Odd[] {
  return made.map(({ atMs, lateMs, changesMs }, index) => {
    const surfacedMs = startMs + atMs;
    return {
      key: createHash('sha256').update(String(index)).digest('hex').slice(0, 20),
      surfacedMs,
      visibleAtMs: surfacedMs + minuteMs + lateMs,
      ...(changesMs === undefined ? {} : { changesAtMs: surfacedMs + changesMs }),
    };
  });
}

/** What must come: each state that stood long enough for a re-read to find it. */
function expectedOf(events: readonly Odd[]): string[] {
  const aRereadMs = 60 * minuteMs;
  return events.flatMap(({ key, visibleAtMs, changesAtMs = Infinity }) => {
    const first = changesAtMs - visibleAtMs > aRereadMs ? [`${key} new`] : [];
    return changesAtMs === Infinity ? first : [...first, `${key} processed`];
  });
}

const all = fc
  .array(event, { maxLength: 30 })
  .map((made) =>
    eventsOf(
      made.map(({ changesMs, ...one }) => (changesMs === undefined ? one : { ...one, changesMs })),
    ),
  );
const disturbances = fc.array(
  fc.constantFrom<'go' | 'restart' | 'forget'>('go', 'go', 'go', 'restart', 'forget'),
  { maxLength: 40 },
);

describe('a log without order', () => {
  it('gives every state of every event once, whatever is late, changes, or is forgotten by Duo', () => {
    fc.assert(
      fc.property(all, fc.integer({ min: 1, max: 4 }), disturbances, (events, size, trouble) => {
        const duo = new ModelMonitor(events, size);
        const { delivered } = follow(duo, {
          sinceMs: startMs,
          untilMs: startMs + 56 * hourMs,
          callMs: 20_000,
          disturb: (call) => trouble[call % 97] ?? 'go',
        });
        expect(new Set(delivered).size).toBe(delivered.length);
        const expected = expectedOf(events);
        expect(expected.filter((id) => !delivered.includes(id))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('repeats a page at most for each kill, and loses nothing by it', () => {
    fc.assert(
      fc.property(all, fc.integer({ min: 1, max: 200 }), (events, at) => {
        const duo = new ModelMonitor(events, 3);
        const { delivered } = follow(duo, {
          sinceMs: startMs,
          untilMs: startMs + 56 * hourMs,
          callMs: 20_000,
          disturb: (call) => (call === at ? 'kill' : 'go'),
        });
        expect(delivered.length - new Set(delivered).size).toBeLessThanOrEqual(3);
        expect(expectedOf(events).filter((id) => !delivered.includes(id))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('reads a backlog at the edge of 180 days to its end, however slow the calls are', () => {
    const sinceMs = startMs - 180 * 24 * hourMs;
    const events = Array.from({ length: 300 }, (_, index) => index).map((index) => ({
      key: createHash('sha256').update(String(index)).digest('hex').slice(0, 20),
      surfacedMs: startMs - reachMs + 2 * hourMs + index * hourMs,
      visibleAtMs: 0,
    }));
    const duo = new ModelMonitor(events, 5);
    // 60 pages at 30 seconds, and no call besides: nothing is read twice to get there.
    const untilMs = startMs + 30 * minuteMs;
    const { delivered } = follow(duo, { sinceMs, untilMs, callMs: 30_000 });
    expect(new Set(delivered).size).toBe(300);
    expect(delivered).toHaveLength(300);
    expect(duo.calls).toBe(60);
  });

  it('keeps its place when it saw nothing, and moves it at the end of a window alone', () => {
    const [one, two] = eventsOf([
      { atMs: hourMs, lateMs: 0 },
      { atMs: 2 * hourMs, lateMs: 0 },
    ]);
    const duo = new ModelMonitor(
      [one, two].filter((event) => event !== undefined),
      1,
    );
    const nowMs = startMs + 3 * hourMs;
    const first = open(begin(startMs), nowMs, rules) ?? expect.fail('nothing to ask');
    const answer = duo.ask(first, nowMs);
    const page = read(answer.rows, answer.offset, first.cursor, rules);
    expect(page).toMatchObject({ more: true, next: { positionMs: startMs } });
    const next = open(page.next, nowMs, rules) ?? expect.fail('nothing to ask');
    const rest = duo.ask(next, nowMs);
    const end = read(rest.rows, rest.offset, next.cursor, rules);
    expect(end).toMatchObject({ more: false, next: { positionMs: startMs + 2 * hourMs } });
    const quiet = open(end.next, nowMs + 2 * minuteMs, rules) ?? expect.fail('nothing to ask');
    const still = read([], undefined, quiet.cursor, rules);
    expect(still.next).toMatchObject({ positionMs: startMs + 2 * hourMs });
  });
});
