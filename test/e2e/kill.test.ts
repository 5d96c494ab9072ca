import { expect, it } from 'vitest';
import { killAtRandom } from './kills.ts';

it('loses nothing and repeats at most a page per feed when killed at random moments', async () => {
  const { reports, allowedRepeats, events } = await killAtRandom(4, 2_000);
  expect(events).toBe(2_000);
  for (const report of reports) {
    expect(report.lost).toEqual([]);
    expect(report.malformed).toEqual([]);
    expect(report.repeated).toBeLessThanOrEqual(allowedRepeats);
  }
}, 240_000);
