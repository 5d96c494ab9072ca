import { expect, it } from 'vitest';
import { killWhileArchiving } from './archive-kills.ts';

it('archives every event exactly once when killed while it writes', async () => {
  const { report, ...outcome } = await killWhileArchiving({
    kills: 4,
    events: 2_000,
    rowsPerPage: 10,
  });
  expect(report).toEqual({ lost: [], repeated: 0, malformed: [], unknown: [] });
  expect(outcome).toMatchObject({ events: 2_000, struck: 4, misplaced: 0, leftovers: [] });
}, 240_000);
