import { z } from 'zod';
import { defaultLayout } from '../core/path-template.ts';

/** Where a server on a network is. */
export const network = {
  hostname: z
    .string()
    .min(1)
    .optional()
    .describe('Name or address of the server. Required for all but FILE.')
    .meta({ example: 'siem.example.com' }),
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe('Port of the server. Required for all but FILE.')
    .meta({ example: 6514 }),
};

/** Where an archive on this machine keeps its files, and for how long. */
export const archive = {
  directory: z
    .string()
    .min(1)
    .optional()
    .describe(
      'FILE only, and required for it: the folder of the archive, as an absolute path. It belongs to this server alone.',
    )
    .meta({ example: '/var/log/duo' }),
  path: z
    .string()
    .min(1)
    .optional()
    .describe(
      `FILE only: the file of an event below \`directory\`, from \`{endpoint}\`, \`{account}\` (the id of a child account; a folder of this alone is left out for the account of this file) and the event's own time: \`{YYYY}\`, \`{YY}\`, \`{MM}\`, \`{DD}\`, \`{HH}\`. When left out: \`${defaultLayout.template}\`.`,
    ),
  time_zone: z
    .enum(['utc', 'local'])
    .optional()
    .describe(
      "FILE only: whose midnight ends a day: `utc`, or `local` for this machine's time zone. When left out: `utc`.",
    ),
  preset: z
    .enum(['duo_watcher'])
    .optional()
    .describe(
      "FILE only, instead of `path` and `time_zone`: `duo_watcher` writes Duo Watcher's tree: auth/YYMMDD, admin/, phone/ by local date, the other logs by their names.",
    ),
  retention_days: z
    .int()
    .min(1)
    .max(36_500)
    .optional()
    .describe(
      'FILE only: files whose last day ended longer ago are removed, at the start and once a day. Only files that `path` makes for logs that are archived here. When left out: nothing is removed.',
    ),
};
