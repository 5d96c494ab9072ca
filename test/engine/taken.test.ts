import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Taken } from '../../src/engine/taken.ts';

const ids = fc.array(
  fc.record({ id: fc.string({ maxLength: 40 }), timeMs: fc.integer({ min: 0, max: 2 ** 42 }) }),
  { maxLength: 50 },
);

describe('the ids that were taken', () => {
  it('are all known after a restart, and no others', () => {
    fc.assert(
      fc.property(ids, ids, (known, others) => {
        const taken = new Taken();
        for (const { id, timeMs } of known) taken.take(id, timeMs);
        const again = Taken.parse(taken.toString());
        expect(again.size).toBe(taken.size);
        for (const { id, timeMs } of known) {
          expect(again.has(id, timeMs)).toBe(true);
          expect(again.take(id, timeMs)).toBe(false);
        }
        const mine = new Set(known.map(({ id, timeMs }) => `${timeMs} ${id}`));
        for (const { id, timeMs } of others) {
          if (mine.has(`${timeMs} ${id}`)) continue;
          expect(again.has(id, timeMs)).toBe(false);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('have the same text however they came in', () => {
    const [a, b] = [new Taken(), new Taken()];
    const times = [5_000, 1_000, 9_000_000];
    for (const timeMs of times) a.take('x', timeMs);
    for (const timeMs of times.toReversed()) b.take('x', timeMs);
    expect(a.toString()).toBe(b.toString());
  });

  it('take eight bytes each and a few for each second', () => {
    const taken = new Taken();
    for (let i = 0; i < 1000; i += 1) taken.take(`${i}`, 1_700_000_000_000);
    expect(Buffer.from(taken.toString(), 'base64').length).toBeLessThan(8 * 1000 + 10);
  });

  it('are dropped by whole seconds, the second itself stays', () => {
    const taken = new Taken();
    for (const timeMs of [1_999, 2_000, 2_500]) taken.take('x', timeMs);
    taken.dropBefore(2_400);
    expect([1_999, 2_000, 2_500].map((t) => taken.has('x', t))).toEqual([false, true, true]);
  });

  it('are fewer, never wrong, when their text was cut or is nonsense', () => {
    const taken = new Taken();
    for (let i = 0; i < 20; i += 1) taken.take(`${i}`, i * 1000);
    const text = taken.toString();
    for (let length = 0; length < text.length; length += 1) {
      const cut = Taken.parse(text.slice(0, length));
      expect(cut.size).toBeLessThanOrEqual(20);
      expect(cut.has('other', 500_000)).toBe(false);
    }
    expect(Taken.parse('!?*').size).toBe(0);
  });

  it('of rows dated before 1970 share a bucket and are told apart', () => {
    const taken = new Taken();
    taken.take('a', -5);
    expect(Taken.parse(taken.toString()).has('a', -5)).toBe(true);
    expect(taken.has('a', -7)).toBe(false);
  });
});
