import { expect, it } from 'vitest';
import { killWhileArchiving } from './archive-kills.ts';

it('archives every event exactly once when killed at random moments', async () => {
  const outcome = await killWhileArchiving(4, 2_000, 10, 400);
  expect(outcome.events).toBe(2_000);
  const { lost, repeated, malformed, unknown } = outcome.report;
  expect({ lost, repeated, malformed, unknown }).toEqual({
    lost: [],
    repeated: 0,
    malformed: [],
    unknown: [],
  });
  expect(outcome.misplaced).toBe(0);
  expect(outcome.leftovers).toEqual([]);
}, 240_000);
