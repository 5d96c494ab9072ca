import { describe, expect, it } from 'vitest';
import { RowStore, firstAt } from '../../src/simulator/store.ts';
import type { EventSpec } from '../../src/simulator/store.ts';

const event = (id: string, timeUs: number, latenessMs = 0): EventSpec => {
  return { serial: id, id, timeUs, latenessMs, text: '{}' };
};

describe('a store of rows', () => {
  it('orders rows of one millisecond by microsecond or by id', () => {
    const rows = [event('b', 1000), event('a', 1999), event('c', 500)];
    const order = (by: 'us' | 'ms'): string[] => {
      const store = new RowStore('v2', by, 0);
      store.add(rows);
      return store.ledger().map((row) => row.id);
    };
    expect(order('us')).toEqual(['c', 'b', 'a']);
    expect(order('ms')).toEqual(['c', 'a', 'b']);
  });

  it('keeps v1 rows of one second in the order of their arrival, over several additions', () => {
    const store = new RowStore('v1', 'us', 0);
    store.add([event('b', 1_000_000), event('z', 0)]);
    store.add([event('a', 1_000_000)]);
    expect(store.ledger().map((row) => row.id)).toEqual(['z', 'b', 'a']);
  });

  it('says in its ledger when each row becomes visible', () => {
    const store = new RowStore('v2', 'us', 120_000);
    store.add([event('a', 5999, 7)]);
    expect(store.ledger()).toEqual([{ serial: 'a', id: 'a', timeMs: 5, visibleAtMs: 120_012 }]);
  });

  it('finds the first row at or after a time', () => {
    const store = new RowStore('v2', 'us', 0);
    store.add([1, 3, 3, 9].map((ms, at) => event(`${at}`, ms * 1000)));
    expect([0, 1, 2, 3, 4, 9, 10].map((ms) => firstAt(store.rows, ms))).toEqual([
      0, 0, 1, 1, 3, 3, 4,
    ]);
  });
});
