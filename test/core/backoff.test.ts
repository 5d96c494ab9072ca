import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backoff } from '../../src/core/backoff.ts';

describe('the waits between tries', () => {
  it('double up to the cap', () => {
    const backoff = new Backoff({ baseMs: 1000, capMs: 60_000, random: () => 1 });
    const waits = Array.from({ length: 8 }, () => backoff.next());
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect(backoff.attempts).toBe(8);
  });

  it('lie between half and the whole of their step, so that many do not try at once', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
        const backoff = new Backoff({ baseMs: 1000, capMs: 60_000, random: () => chance });
        for (const step of [1000, 2000, 4000]) {
          const wait = backoff.next();
          expect(wait).toBeGreaterThanOrEqual(step / 2);
          expect(wait).toBeLessThanOrEqual(step);
        }
      }),
    );
  });

  it('are never shorter than the other side asked for', () => {
    const backoff = new Backoff({ baseMs: 1000, capMs: 60_000, random: () => 1 });
    expect(backoff.next(90_000)).toBe(90_000);
    expect(backoff.next(10)).toBe(2000);
  });

  it('begin anew after a success', () => {
    const backoff = new Backoff({ baseMs: 1000, capMs: 60_000, random: () => 1 });
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(1000);
  });

  it('stay at the cap after a year of failures', () => {
    const backoff = new Backoff({ baseMs: 1000, capMs: 60_000, random: () => 1 });
    for (let i = 0; i < 600_000; i += 1) backoff.next();
    expect(backoff.next()).toBe(60_000);
  });
});
