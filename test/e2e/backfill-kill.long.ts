import { expect, it } from 'vitest';
import { killWhileBackfilling } from './backfill-kills.ts';

it('a backfill loses nothing in tens of kills, and is in an archive once', async () => {
  const outcome = await killWhileBackfilling(30, 30_000, 10, 700);
  console.log(JSON.stringify(outcome));
  expect(outcome.lost).toEqual({ json: 0, cef: 0, archive: 0 });
  expect(outcome.repeated.archive).toBe(0);
  expect(outcome.repeated.json).toBeLessThanOrEqual(outcome.allowedRepeats);
  expect(outcome.repeated.cef).toBeLessThanOrEqual(outcome.allowedRepeats);
  const live = { lostInArchive: 0, lostInJson: 0, repeatedInArchive: 0 };
  expect(outcome).toMatchObject({ live, misplaced: 0 });
  expect(outcome.struck).toBeGreaterThan(10);
}, 1_500_000);
