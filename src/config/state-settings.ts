import { z } from 'zod';

/** Of `dls_settings`: what is kept on disk. A part of schema.ts in a file of its own. */

export const checkpointing = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe(
      'Whether it is remembered how far each server has confirmed. When false, every start sends `offset` days again.',
    ),
  directory: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Folder for checkpoints and all other state. When left out: the platform's folder for it, and DLS's own checkpoints are looked for in /tmp too.",
    ),
});

/** Directly below `dls_settings`. */
export const deadLetters = {
  dead_letter_full: z
    .enum(['stop', 'drop_oldest'])
    .default('stop')
    .describe(
      'What happens when the file of events that could not be delivered is full: `stop` lets a feed that has another one wait until there is room, `drop_oldest` drops the oldest and tells it as a gap.',
    ),
  dead_letter_max_mb: z
    .number()
    .min(1)
    .max(100_000)
    .default(100)
    .describe('How large that file may become, in MiB.'),
};
