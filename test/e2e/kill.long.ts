import { expect, it } from 'vitest';
import { killAtRandom } from './kills.ts';

it('loses nothing and repeats at most a page per feed when killed at 100 random moments', async () => {
  const { reports, allowedRepeats, events, struck } = await killAtRandom(100, 30_000);
  expect(events).toBe(30_000);
  // A kill that finds nothing on its way proves nothing.
  expect(struck).toBeGreaterThan(30);
  for (const report of reports) {
    expect(report.lost).toEqual([]);
    expect(report.malformed).toEqual([]);
    expect(report.unknown).toEqual([]);
    expect(report.repeated).toBeLessThanOrEqual(allowedRepeats);
  }
  const repeats = reports.map(({ repeated }) => repeated).join(' and ');
  console.log(
    `${struck} of 100 kills struck; repeated ${repeats} of ${events}, allowed ${allowedRepeats}`,
  );
});
