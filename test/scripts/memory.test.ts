import { describe, expect, it } from 'vitest';
import { type Sample, parseSamples, peakMb, slopeOf } from '../../scripts/soak/memory.ts';

const mb = 2 ** 20;

/** A life of so many minutes; grows by so much an hour after a steep beginning. */
function life(minutes: number, mbPerHour: number, levelMb = 80, startMs = 1_000_000): Sample[] {
  return Array.from({ length: minutes * 60 + 1 }, (_, second) => ({
    timeMs: startMs + second * 1000,
    rssBytes: 500 * mb,
    liveBytes: (levelMb - 30 * Math.max(0, 1 - second / 400) + (mbPerHour * second) / 3600) * mb,
  }));
}

describe('the slope of memory', () => {
  it('is what a leak adds in an hour, its first growth aside', () => {
    expect(slopeOf([life(15, 12)], 'liveBytes')?.mbPerHour).toBeCloseTo(12, 6);
    expect(slopeOf([life(15, 0)], 'liveBytes')?.mbPerHour).toBeCloseTo(0, 6);
    expect(slopeOf([life(15, -6)], 'liveBytes')?.mbPerHour).toBeCloseTo(-6, 6);
  });

  it('is one of all long lives, whatever the level of each', () => {
    const lives = [life(15, 12, 80), life(18, 12, 300, 9_000_000), life(2, 5_000)];
    const slope = slopeOf(lives, 'liveBytes');
    expect(slopeOf(lives, 'rssBytes')?.mbPerHour).toBeCloseTo(0, 6);
    expect(slope?.mbPerHour).toBeCloseTo(12, 6);
    expect(slope).toMatchObject({ lives: 2, minutes: 15 + 18 - 14 });
  });

  it('is told of no life that was too short', () => {
    expect(slopeOf([life(3, 100), []], 'liveBytes')).toBeUndefined();
    expect(slopeOf([], 'liveBytes')).toBeUndefined();
  });
});

describe('samples', () => {
  it('are read from their file, a last line that was cut aside', () => {
    expect(parseSamples('1000,5,4\n2000,6,3\n30')).toEqual([
      { timeMs: 1000, rssBytes: 5, liveBytes: 4 },
      { timeMs: 2000, rssBytes: 6, liveBytes: 3 },
    ]);
    expect(parseSamples('')).toEqual([]);
  });

  it('have a peak over all lives', () => {
    const at = (megabytes: number): Sample => ({
      timeMs: 0,
      rssBytes: megabytes * mb,
      liveBytes: 0,
    });
    expect(peakMb([[at(1), at(9)], [at(4)]])).toBe(9);
    expect(peakMb([])).toBe(0);
  });
});
