import { describe, expect, it } from 'vitest';
import { createBucket } from '../../src/simulator/rate-limit.ts';

describe('a bucket of calls', () => {
  it('lets a burst go, then one call for each share of the minute', () => {
    const bucket = createBucket({ perMinute: 6, burst: 3, rejectedCallsCount: false });
    expect([0, 0, 0, 0].map((atMs) => bucket.take(atMs))).toEqual([true, true, true, false]);
    expect(bucket.take(9_000)).toBe(false);
    expect(bucket.take(10_000)).toBe(true);
    expect(bucket.take(10_001)).toBe(false);
  });

  it('does not save up more than the burst, and bears a clock that steps back', () => {
    const bucket = createBucket({ perMinute: 2, rejectedCallsCount: false });
    expect([1e9, 1e9, 1e9].map((atMs) => bucket.take(atMs))).toEqual([true, true, false]);
    expect(bucket.take(0)).toBe(false);
    expect(bucket.take(30_000)).toBe(true);
  });

  it('counts refused calls where it is set so: the minute begins anew with each', () => {
    const bucket = createBucket({ perMinute: 1, rejectedCallsCount: true });
    expect(bucket.take(0)).toBe(true);
    for (let second = 10; second <= 600; second += 10)
      expect(bucket.take(second * 1000)).toBe(false);
    expect(bucket.take(660_000)).toBe(true);
  });
});
