import { describe, expect, it } from 'vitest';
import { Latency, latencyBounds, quantile } from '../../src/core/latency.ts';

describe('how long calls took', () => {
  it('is counted in the bucket whose bound it does not exceed, the longest in the last', () => {
    const latency = new Latency();
    for (const seconds of [0.01, 0.05, 0.06, 60, 61, 600]) latency.add(seconds);
    expect(latency.buckets).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    expect(latency.seconds).toBeCloseTo(721.12, 6);
    expect(latency.buckets).toHaveLength(latencyBounds.length + 1);
  });

  it('is told as what a share of the calls did not exceed', () => {
    expect(quantile([0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0], 0.5)).toBeCloseTo(0.375, 6);
    expect(quantile([50, 45, 5, 0, 0, 0, 0, 0, 0, 0, 0], 0.95)).toBeCloseTo(0.1, 6);
    expect(quantile([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3], 0.95)).toBe(60);
    expect(quantile([1], 1)).toBe(0.05);
    expect(quantile([0, 0], 0.5)).toBeUndefined();
  });
});
