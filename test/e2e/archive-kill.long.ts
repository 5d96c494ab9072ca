import { expect, it } from 'vitest';
import { killWhileArchiving } from './archive-kills.ts';

it('archives every event of five logs exactly once when killed at 100 random moments', async () => {
  const outcome = await killWhileArchiving(100, 50_000, 10, 400);
  const { report, struck, cuts, events, files } = outcome;
  console.log(
    `${struck} of 100 kills struck, ${cuts} restarts cut ${files} files back; ` +
      `${events} events: ${report.lost.length} lost, ${report.repeated} repeated`,
  );
  expect(events).toBe(50_000);
  // A kill that finds nothing under way proves nothing.
  expect(struck).toBeGreaterThan(30);
  expect(cuts).toBeGreaterThan(5);
  const { lost, repeated, malformed, unknown } = report;
  expect({ lost, repeated, malformed, unknown }).toEqual({
    lost: [],
    repeated: 0,
    malformed: [],
    unknown: [],
  });
  expect(outcome.misplaced).toBe(0);
  expect(outcome.leftovers).toEqual([]);
});
