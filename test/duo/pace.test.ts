import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { burstOf, lessonFrom, lessonOf, paceOf } from '../../src/duo/pace.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const pace = (refusedPerMinute: number, busyMs: number): number =>
  paceOf({ refusedPerMinute, busyMs });

describe('the pace after a refusal', () => {
  it('is half for ten minutes, nine tenths for two hours, then tries more', () => {
    expect(pace(20, 0)).toBe(10);
    expect(pace(20, 10 * minuteMs - 1)).toBe(10);
    expect(pace(20, 17 * minuteMs)).toBe(18);
    expect(pace(20, 2 * hourMs)).toBe(18);
    expect(pace(20, 10 * minuteMs + 4 * hourMs)).toBeGreaterThan(20);
  });

  it('only rises with busy time, and stays between one call in two minutes and one a second', () => {
    const busy = fc.integer({ min: 0, max: 90 * 24 * hourMs });
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 60, noNaN: true }), busy, busy, (refused, a, b) => {
        const [earlier, later] = [pace(refused, Math.min(a, b)), pace(refused, Math.max(a, b))];
        expect(earlier).toBeGreaterThanOrEqual(0.5);
        expect(later).toBeGreaterThanOrEqual(earlier);
        expect(later).toBeLessThanOrEqual(60);
      }),
    );
  });

  it('takes the calls that Duo granted in the last minute for the limit', () => {
    expect(lessonOf(60, 2)).toEqual({ refusedPerMinute: 2, busyMs: 0 });
    expect(lessonOf(12, 15)).toEqual({ refusedPerMinute: 12, busyMs: 0 });
    expect(lessonOf(12, 0)).toEqual({ refusedPerMinute: 12, busyMs: 0 });
  });

  it('leaves no burst that would go over a small limit', () => {
    expect(
      [undefined, 2, 10, 50].map((limit) =>
        burstOf(limit === undefined ? limit : lessonOf(limit, 0)),
      ),
    ).toEqual([3, 1, 2, 3]);
  });

  it('is read back from JSON as it was', () => {
    const lesson = { refusedPerMinute: 2, busyMs: 7 };
    expect(lessonFrom(lesson)).toEqual(lesson);
  });
});
