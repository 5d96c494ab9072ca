import { describe, it } from 'vitest';
import { replayWithKills } from './replay-kills.ts';

describe('an archive that is sent again', () => {
  it('is all there when the command was killed and given again, with bounded repeats, and is not changed', async () => {
    await replayWithKills({ kills: 3, events: 4_500, from: 'folder', live: false });
  }, 120_000);
});
