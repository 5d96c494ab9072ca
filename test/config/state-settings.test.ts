import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkpointing, deadLetters } from '../../src/config/state-settings.ts';

const settings = z.strictObject({ checkpointing: checkpointing.prefault({}), ...deadLetters });

describe('settings of what is kept on disk', () => {
  it('lose nothing unless told so: checkpoints are kept, a full file of dead letters stops', () => {
    expect(settings.parse({})).toEqual({
      checkpointing: { enabled: true },
      dead_letter_full: 'stop',
      dead_letter_max_mb: 100,
    });
  });

  it.each([
    { dead_letter_full: 'drop' },
    { dead_letter_max_mb: 0 },
    { dead_letter_max_mb: '100' },
    { checkpointing: { directory: '' } },
  ])('refuse %j', (wrong) => {
    expect(settings.safeParse(wrong).success).toBe(false);
  });
});
