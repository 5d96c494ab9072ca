import { expect, it } from 'vitest';
import { killWhileBackfilling } from './backfill-kills.ts';

it('a backfill loses nothing when the program is killed, and is in an archive once', async () => {
  const outcome = await killWhileBackfilling(3, 1_500, 15, 600);
  expect(outcome.struck).toBeGreaterThan(0);
  expect(outcome.lost).toEqual({ json: 0, cef: 0, archive: 0 });
  expect(outcome.repeated.archive).toBe(0);
  expect(outcome.repeated.json).toBeLessThanOrEqual(outcome.allowedRepeats);
  expect(outcome.repeated.cef).toBeLessThanOrEqual(outcome.allowedRepeats);
  const live = { lostInArchive: 0, lostInJson: 0, repeatedInArchive: 0 };
  expect(outcome).toMatchObject({ live, misplaced: 0 });
}, 240_000);
