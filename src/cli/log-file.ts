import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';

/**
 * Makes the log file and its folder now, before anything is sent: later the log only tries again in silence,
 * and a service that cannot write its log has nobody to tell. Throws `log_unusable` (stop). A full disk
 * is no reason: it gets better by itself.
 */
export async function prepareLogFile(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await (await open(path, 'a', 0o640)).close();
  } catch (error) {
    if (['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '')) return;
    throw new ForwarderError(
      'log_unusable',
      `The log file ${path} cannot be written: ${messageOf(error)}`,
      {
        remedy: 'stop',
        scope: 'account',
        hint: 'Give the user that runs duologsync the right to write there, or set dls_settings.log_filepath to another file.',
        cause: error,
      },
    );
  }
}
