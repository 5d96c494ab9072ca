import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { begin, oldestMs, open, read, restart, type WindowRules } from '../../src/engine/window.ts';
import { ModelDuo, poll, type ModelEvent } from './model-duo.ts';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 0, 10, 12, 0, 0);
const v2: WindowRules = {
  unit: 'ms',
  hasEnd: true,
  ordered: true,
  pageLimit: 5,
  settleMs: 120_000,
  lookbackMs: 2_400_000,
  rereadMs: 600_000,
};
const v1: WindowRules = { ...v2, unit: 's', hasEnd: false, settleMs: 0 };

function events(times: readonly { atMs: number; us?: number; lateMs?: number }[]): ModelEvent[] {
  return times.map(({ atMs, us = 0, lateMs = 0 }, serial) => ({
    serial,
    timeUs: atMs * 1000 + us,
    visibleAtMs: atMs + 60_000 + lateMs,
  }));
}

/** Polls every two minutes until long after the last event, counting deliveries by id. */
function run(
  duo: ModelDuo,
  rules: WindowRules,
  sinceMs: number,
  untilMs: number,
  restarts: readonly boolean[] = [],
): { delivered: string[]; late: number } {
  const delivered: string[] = [];
  let late = 0;
  let cursor = begin(sinceMs);
  let n = 0;
  for (let at = sinceMs + 1; at <= untilMs; at += 120_000) {
    cursor = poll(
      duo,
      cursor,
      at,
      rules,
      (event, reading) => {
        if (reading.events[0] === event) late += reading.late;
        delivered.push(event.id);
      },
      () => (restarts[n++ % Math.max(1, restarts.length)] === true ? 'restart' : 'go'),
    );
  }
  return { delivered, late };
}

const bursts = fc.array(
  fc.record({
    atMs: fc.integer({ min: 0, max: 3_600_000 }),
    us: fc.integer({ min: 0, max: 999 }),
    lateMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1_500_000 })),
  }),
  { maxLength: 40 },
);

describe('a v2 cursor', () => {
  it('delivers every event once, whatever is late, equal or short', () => {
    fc.assert(
      fc.property(
        bursts,
        fc.boolean(),
        fc.integer({ min: 2, max: 5 }),
        fc.array(fc.boolean(), { maxLength: 5 }),
        (times, offsetAtEnd, served, restarts) => {
          const all = events(times.map((t) => ({ ...t, atMs: nowMs + t.atMs })));
          const duo = new ModelDuo(all, { unit: 'ms', pageLimit: 5, served, offsetAtEnd });
          const { delivered } = run(
            duo,
            v2,
            nowMs - 1000,
            nowMs + 3_600_000 + 2 * 3_600_000,
            restarts,
          );
          expect([...delivered].sort()).toEqual(all.map((e) => `id-${e.serial}`).sort());
        },
      ),
      { numRuns: 150 },
    );
  });

  it('keeps many events of one millisecond apart across page borders', () => {
    const all = events(Array.from({ length: 23 }, () => ({ atMs: nowMs })));
    const duo = new ModelDuo(all, { unit: 'ms', pageLimit: 5, offsetAtEnd: true });
    expect(run(duo, v2, nowMs - 1000, nowMs + 1_200_000).delivered).toHaveLength(23);
  });

  it('never re-reads what lies before its begin', () => {
    const all = events(
      Array.from({ length: 30 }, (_, i) => ({ atMs: nowMs - 600_000 + i * 60_000 })),
    );
    const duo = new ModelDuo(all, { unit: 'ms', pageLimit: 5, offsetAtEnd: true });
    const { delivered } = run(duo, v2, nowMs, nowMs + 4_000_000);
    expect(delivered).toHaveLength(20);
  });

  it('counts what came after its time had passed as late', () => {
    const all = events([
      { atMs: nowMs },
      { atMs: nowMs + 60_000, lateMs: 900_000 },
      { atMs: nowMs + 300_000 },
    ]);
    const duo = new ModelDuo(all, { unit: 'ms', pageLimit: 5, offsetAtEnd: true });
    expect(run(duo, v2, nowMs - 1000, nowMs + 4_000_000)).toMatchObject({ late: 1 });
  });

  it('keeps few ids while it catches up', () => {
    const all = events(Array.from({ length: 500 }, (_, i) => ({ atMs: nowMs - dayMs + i * 100 })));
    const duo = new ModelDuo(all, { unit: 'ms', pageLimit: 5, offsetAtEnd: true });
    const cursor = poll(duo, begin(nowMs - dayMs), nowMs, v2, () => undefined);
    expect(cursor.taken.length).toBeLessThan(200);
    expect(cursor.idsSinceMs).toBeGreaterThan(nowMs - dayMs);
  });

  it('asks no extra page when a page beyond the position is less full than the fullest', () => {
    const all = events(Array.from({ length: 12 }, (_, i) => ({ atMs: nowMs + i * 120_000 })));
    const duo = new ModelDuo(all, { unit: 'ms', pageLimit: 5, offsetAtEnd: true });
    const rules = { ...v2, rereadMs: dayMs };
    const first = poll(duo, begin(nowMs - 1000), nowMs + 1_000_000, rules, () => undefined);
    const before = duo.calls;
    poll(duo, first, nowMs + 1_200_000, rules, () => undefined);
    expect(duo.calls - before).toBe(1);
  });
});

describe('a Duo that begins to serve smaller pages', () => {
  it('is followed again after some polls, so that a backlog is read to its end', () => {
    const all = events(Array.from({ length: 900 }, (_, i) => ({ atMs: nowMs + i * 1000 })));
    const full = new ModelDuo(all.slice(0, 100), { unit: 'ms', pageLimit: 20, offsetAtEnd: true });
    const small = new ModelDuo(all, { unit: 'ms', pageLimit: 20, served: 10, offsetAtEnd: true });
    const rules = { ...v2, pageLimit: 20, lookbackMs: 0 };
    const seen = new Set<string>();
    let cursor = poll(full, begin(nowMs - 1000), nowMs + 2_000_000, rules, (e) => seen.add(e.id));
    for (let i = 1; i <= 12; i += 1) {
      cursor = poll(small, cursor, nowMs + 2_000_000 + i * 120_000, rules, (e) => seen.add(e.id));
    }
    expect(seen.size).toBe(900);
  });
});

describe('a v1 cursor', () => {
  it('delivers every row once, twins and full seconds at page borders included', () => {
    fc.assert(
      fc.property(bursts, fc.array(fc.boolean(), { maxLength: 5 }), (times, restarts) => {
        // At most four rows a second: a page of five always reaches the next.
        const perSecond = new Map<number, number>();
        const fit = times.filter(({ atMs }) => {
          const second = Math.floor(atMs / 1000);
          perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
          return (perSecond.get(second) ?? 0) <= 4;
        });
        const all = events(fit.map((t) => ({ ...t, lateMs: 0, atMs: nowMs + t.atMs })));
        const duo = new ModelDuo(all, { unit: 's', pageLimit: 5, offsetAtEnd: false });
        const { delivered } = run(duo, v1, nowMs - 1000, nowMs + 3_600_000 + 3_600_000, restarts);
        expect(delivered).toHaveLength(all.length);
      }),
      { numRuns: 150 },
    );
  });

  it('says a second with more rows than a page once and goes on', () => {
    const crowd = Array.from({ length: 8 }, () => ({ atMs: nowMs }));
    const all = events([...crowd, { atMs: nowMs + 5_000 }]);
    const duo = new ModelDuo(all, { unit: 's', pageLimit: 5, offsetAtEnd: false });
    const gaps: unknown[] = [];
    let delivered = 0;
    let cursor = begin(nowMs - 1000);
    for (let i = 1; i <= 30; i += 1) {
      cursor = poll(duo, cursor, nowMs + i * 120_000, v1, (event, reading) => {
        delivered += 1;
        if (reading.events[0] === event) gaps.push(...reading.gaps);
      });
    }
    expect(delivered).toBe(6);
    expect(gaps).toEqual([expect.objectContaining({ fromMs: nowMs, toMs: nowMs + 1000 })]);
  });

  it('takes a row dated after now for one of now, so that real rows are not passed', () => {
    const all: ModelEvent[] = [
      { serial: 0, timeUs: (nowMs + dayMs) * 1000, visibleAtMs: nowMs },
      { serial: 1, timeUs: (nowMs + 60_000) * 1000, visibleAtMs: nowMs + 61_000 },
    ];
    const duo = new ModelDuo(all, { unit: 's', pageLimit: 5, offsetAtEnd: false });
    expect(run(duo, v1, nowMs - 1000, nowMs + 600_000).delivered).toHaveLength(2);
  });
});

describe('the edge of 180 days', () => {
  it('clamps every request and tells the time that was never read', () => {
    const stopped = begin(nowMs - 200 * dayMs);
    const opened = open(stopped, nowMs, v2);
    expect(opened?.cursor.window.mintimeMs).toBe(oldestMs(nowMs));
    expect(opened?.gap).toMatchObject({ fromMs: nowMs - 200 * dayMs, toMs: oldestMs(nowMs) });
  });

  it('calls time that was read and held nothing no gap', () => {
    const quiet = { ...begin(nowMs - 200 * dayMs), readToMs: nowMs - 60_000 };
    const opened = open(quiet, nowMs, v2);
    expect(opened?.cursor.window.mintimeMs).toBe(oldestMs(nowMs));
    expect(opened?.gap).toBeUndefined();
  });

  it('begins at the edge when the whole open window went out of reach', () => {
    const opened = open(begin(nowMs - 200 * dayMs), nowMs - 195 * dayMs, v2);
    const later = opened && open(opened.cursor, nowMs, v2);
    expect(later?.cursor.window.endMs).toBe(nowMs - v2.settleMs);
    expect(later?.gap).toBeDefined();
  });
});

describe('pages that make no sense', () => {
  const opened = open(begin(nowMs - dayMs), nowMs, v2);
  if (opened === undefined) throw new Error('nothing to ask');

  it('follows an empty page with an offset three times, then ends without moving', () => {
    let cursor = opened.cursor;
    let pages = 0;
    for (;;) {
      const reading = read([], `x${pages}`, cursor, v2);
      pages += 1;
      if (!reading.more || reading.next.window === undefined) {
        expect(reading.next.positionMs).toBe(nowMs - dayMs);
        expect(reading.next.readToMs).toBe(nowMs - dayMs);
        break;
      }
      cursor = { ...reading.next, window: reading.next.window };
    }
    expect(pages).toBe(4);
  });

  it('ends although every page leads to another', () => {
    const duo = new ModelDuo(
      events(Array.from({ length: 9 }, (_, i) => ({ atMs: nowMs - dayMs + i * 1000 }))),
      {
        unit: 'ms',
        pageLimit: 3,
        offsetAtEnd: true,
      },
    );
    const loop = duo.ask(opened.cursor, nowMs);
    let cursor = opened.cursor;
    let pages = 0;
    for (; pages < 100; pages += 1) {
      const reading = read(loop.rows, `${pages % 2}`, cursor, v2);
      if (reading.next.window === undefined) break;
      cursor = { ...reading.next, window: reading.next.window };
    }
    expect(pages).toBeLessThan(10);
  });

  it('ends although two pages lead to each other, and delivers both once', () => {
    const all = events(Array.from({ length: 6 }, (_, i) => ({ atMs: nowMs - 600_000 + i * 1000 })));
    const duo = new ModelDuo(all, { unit: 'ms', pageLimit: 6, offsetAtEnd: true });
    const { rows } = duo.ask(opened.cursor, nowMs);
    let cursor = opened.cursor;
    const delivered: string[] = [];
    let pages = 0;
    for (; pages < 100; pages += 1) {
      const page = pages % 2 === 0 ? rows.slice(0, 3) : rows.slice(3);
      const reading = read(page, `${pages % 2}`, cursor, v2);
      delivered.push(...reading.events.map(({ id }) => id));
      if (reading.next.window === undefined) break;
      cursor = { ...reading.next, window: reading.next.window };
    }
    expect(pages).toBeLessThan(10);
    expect(delivered).toEqual(all.map(({ serial }) => `id-${serial}`));
  });

  it('ends when a v1 answer holds only what lies before what was asked for', () => {
    const stale = open(begin(nowMs - 60_000), nowMs, v1);
    if (stale === undefined) throw new Error('nothing to ask');
    const all = events(Array.from({ length: 5 }, (_, i) => ({ atMs: nowMs - dayMs + i * 1000 })));
    const duo = new ModelDuo(all, { unit: 's', pageLimit: 5, offsetAtEnd: false });
    const { rows } = duo.ask(
      { ...stale.cursor, window: { ...stale.cursor.window, mintimeMs: 0 } },
      nowMs,
    );
    const reading = read(rows, undefined, stale.cursor, v1);
    expect(reading.more).toBe(false);
    expect(reading.next.positionMs).toBe(nowMs - 60_000);
  });

  it('drops a refused offset once a poll', () => {
    const withOffset = { ...opened.cursor, window: { ...opened.cursor.window, offset: 'x' } };
    const again = restart(withOffset);
    expect(again?.window?.offset).toBeUndefined();
    expect(
      again &&
        restart({ ...again, window: { ...opened.cursor.window, ...again.window, offset: 'y' } }),
    ).toBeUndefined();
  });
});
