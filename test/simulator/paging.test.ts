import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { earliestPage, shuffleSeconds, windowPage } from '../../src/simulator/paging.ts';
import type { WindowQuery } from '../../src/simulator/requests.ts';
import { RowStore, msOf } from '../../src/simulator/store.ts';
import type { StoredRow } from '../../src/simulator/store.ts';

const startMs = 1_700_000_000_000;
const switches = { maxtimeUnit: 'ms', mintimeWithOffset: 'applied' } as const;

function storeOf(
  events: readonly { ms: number; us: number; id: number; late?: number }[],
  order: 'us' | 'ms' = 'us',
  style: 'v1' | 'v2' = 'v2',
): readonly StoredRow[] {
  const store = new RowStore(style, order, 0);
  const specs = events.map(({ ms, us, id, late = 0 }) => {
    const name = String(id).padStart(6, '0');
    const timeUs = (startMs + ms) * 1000 + us;
    return { serial: name, id: name, timeUs, latenessMs: late, text: '{}' };
  });
  store.add(specs);
  return store.rows;
}

const query: WindowQuery = {
  mintimeMs: startMs,
  maxtimeMs: startMs + 1000,
  limit: 3,
  ascending: true,
  after: undefined,
};
const lateMs = startMs + 1_000_000;

/** Follows the cursor to the end. */
function walk(rows: readonly StoredRow[], first: WindowQuery, nowMs: number): string[] {
  const ids: string[] = [];
  let after: WindowQuery['after'];
  for (;;) {
    const page = windowPage(rows, { ...first, after }, nowMs, switches);
    const last = page.rows.at(-1);
    if (last === undefined) return ids;
    ids.push(...page.rows.map((row) => row.spec.id));
    after = { ms: msOf(last.spec), id: last.spec.id };
  }
}

const ids = (rows: readonly StoredRow[]): string[] => rows.map((row) => row.spec.id);

describe('the pages of a window', () => {
  it('together hold every visible row once, whatever the order, direction and page size', () => {
    const event = fc.record({
      ms: fc.integer({ min: 0, max: 20 }),
      us: fc.integer({ min: 0, max: 999 }),
      id: fc.integer({ min: 0, max: 99_999 }),
      late: fc.constantFrom(0, 0, 0, 50),
    });
    const events = fc.uniqueArray(event, { selector: ({ id }) => id, maxLength: 60 });
    const order = fc.constantFrom('us' as const, 'ms' as const);
    const limit = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(events, order, limit, fc.boolean(), (given, by, size, ascending) => {
        const rows = storeOf(given, by);
        const nowMs = startMs + 40;
        const visible = ids(rows.filter((row) => row.visibleAtMs <= nowMs));
        const walked = walk(rows, { ...query, limit: size, ascending }, nowMs);
        expect(walked).toEqual(ascending ? visible : visible.reverse());
      }),
    );
  });

  it('include both borders of the window', () => {
    const rows = storeOf([-1, 0, 1000, 1001].map((ms, id) => ({ ms, us: 0, id })));
    expect(ids(windowPage(rows, query, lateMs, switches).rows)).toEqual(['000001', '000002']);
  });

  it('leave out the rest of the last millisecond when maxtime counts microseconds', () => {
    const rows = storeOf([0, 1, 999].map((us, id) => ({ ms: 1000, us, id })));
    expect(windowPage(rows, query, lateMs, switches).total).toBe(3);
    const exact = { ...switches, maxtimeUnit: 'us' } as const;
    expect(ids(windowPage(rows, query, lateMs, exact).rows)).toEqual(['000000']);
  });

  it('count all visible rows of the window and say whether more follow', () => {
    const rows = storeOf([1, 2, 3, 4].map((ms, id) => ({ ms, us: 0, id })));
    const page = windowPage(rows, query, lateMs, switches);
    expect(page).toMatchObject({ total: 4, more: true });
    const after = { ms: startMs + 3, id: '000002' };
    expect(windowPage(rows, { ...query, after }, lateMs, switches)).toMatchObject({ more: false });
  });

  it('go on where a cursor row would be when it is not there', () => {
    const rows = storeOf([1, 1, 1].map((ms, at) => ({ ms, us: 0, id: at * 2 })));
    const after = { ms: startMs + 1, id: '000001' };
    expect(ids(windowPage(rows, { ...query, after }, lateMs, switches).rows)).toEqual([
      '000002',
      '000004',
    ]);
  });

  it('begin at mintime beside an older cursor, unless Duo ignores it', () => {
    const rows = storeOf([1, 2, 500].map((ms, id) => ({ ms, us: 0, id })));
    const later = { ...query, mintimeMs: startMs + 100, after: { ms: startMs + 1, id: '000000' } };
    expect(ids(windowPage(rows, later, lateMs, switches).rows)).toEqual(['000002']);
    const ignored = { ...switches, mintimeWithOffset: 'ignored' } as const;
    expect(ids(windowPage(rows, later, lateMs, ignored).rows)).toEqual(['000001', '000002']);
  });
});

describe('a page of a v1 log', () => {
  const seconds = [0, 0, 0, 1000, 1000, 2000].map((ms, at) => ({ ms, us: 0, id: 9 - at }));

  it('holds the earliest visible rows, those of one second in the order of arrival', () => {
    const rows = storeOf(seconds, 'us', 'v1');
    const page = earliestPage(rows, startMs, 4, lateMs);
    expect(ids(page.rows)).toEqual(['000009', '000008', '000007', '000006']);
    expect(page.more).toBe(true);
    expect(earliestPage(rows, startMs, 4, startMs + 999).rows).toHaveLength(3);
  });

  it('shuffles within a second only, and differently each time', () => {
    const rows = storeOf(seconds, 'us', 'v1');
    const orders = new Set<string>();
    for (let seed = 0; seed < 20; seed += 1) {
      const shuffled = ids(shuffleSeconds(rows, seed));
      expect([shuffled.slice(0, 3).sort(), shuffled.slice(3, 5).sort(), shuffled[5]]).toEqual([
        ['000007', '000008', '000009'],
        ['000005', '000006'],
        '000004',
      ]);
      orders.add(shuffled.join());
    }
    expect(orders.size).toBeGreaterThan(1);
  });
});
