import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '../core/atomic-file.ts';
import { ForwarderError, messageOf } from '../core/errors.ts';
import type { StoredCheckpoint } from './checkpoint.ts';
import { dlsFileNames } from './dls-import.ts';
import { percentEncode } from './state-directory.ts';

export interface ExportedFile {
  readonly file: string;
  readonly endpoint: string;
  readonly accountId: string | undefined;
  /** The position that was written: the earliest of the servers of this account and endpoint. */
  readonly positionMs: number;
}

/**
 * Writes DLS's checkpoint files for going back to it, at positions where it loses nothing (it repeats the
 * last row, or the last second). Endpoints that DLS does not know are left out. Throws `export_exists`
 * (stop) before anything is written when a file is there and `force` is not set; `export_failed` (stop).
 */
export async function exportDls(
  stored: readonly StoredCheckpoint[],
  directory: string,
  options: { readonly force?: boolean } = {},
): Promise<readonly ExportedFile[]> {
  const wanted = earliestPerSource(stored).flatMap((checkpoint) => {
    const content = contentOf(checkpoint);
    if (content === undefined) return [];
    const { accountId, endpoint } = checkpoint.identity;
    const name = dlsFileNames(endpoint, accountId === undefined ? accountId : safe(accountId))[0];
    const file = join(directory, name ?? endpoint);
    const positionMs = checkpoint.checkpoint.cursor.positionMs;
    return [{ content, exported: { file, endpoint, accountId, positionMs } }];
  });
  if (options.force !== true) {
    const there: string[] = [];
    for (const { exported } of wanted) if (await exists(exported.file)) there.push(exported.file);
    if (there.length > 0) {
      throw failed('export_exists', `Already there: ${there.join(', ')}`, {
        hint: 'Choose an empty folder, or add --force to overwrite these files.',
      });
    }
  }
  try {
    await mkdir(directory, { recursive: true });
    // Readable for the user that runs DLS, as its own files are.
    for (const { content, exported } of wanted) {
      await writeAtomic(exported.file, Buffer.from(`${content}\n`), { mode: 0o644 });
    }
  } catch (error) {
    throw failed('export_failed', `${directory} cannot be written: ${messageOf(error)}`, {
      hint: 'Choose a folder that you may write in.',
      cause: error,
    });
  }
  return wanted.map(({ exported }) => exported);
}

function earliestPerSource(stored: readonly StoredCheckpoint[]): readonly StoredCheckpoint[] {
  const earliest = new Map<string, StoredCheckpoint>();
  for (const checkpoint of stored) {
    const { accountId, endpoint } = checkpoint.identity;
    const key = JSON.stringify([endpoint, accountId ?? null]);
    const before = earliest.get(key)?.checkpoint.cursor.positionMs ?? Infinity;
    if (checkpoint.checkpoint.cursor.positionMs < before) earliest.set(key, checkpoint);
  }
  return [...earliest.values()];
}

/** DLS's shapes; it asks from the number on, inclusive, and takes `["ms","txid"]` for Duo's next_offset. */
function contentOf({ identity, checkpoint }: StoredCheckpoint): string | undefined {
  const { positionMs, positionId } = checkpoint.cursor;
  const second = String(Math.floor(positionMs / 1000));
  switch (identity.endpoint) {
    case 'auth':
      return positionId === undefined ? second : `["${positionMs}", ${JSON.stringify(positionId)}]`;
    case 'telephony':
    case 'activity':
      return JSON.stringify(`${positionMs},${positionId ?? ''}`);
    case 'adminaction':
      return second;
    case 'trustmonitor':
      return String(positionMs);
    default:
      return undefined;
  }
}

function safe(accountId: string): string {
  return percentEncode(accountId, /[^A-Za-z0-9._-]/);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function failed(
  code: string,
  message: string,
  details: { readonly hint: string; readonly cause?: unknown },
): ForwarderError {
  return new ForwarderError(code, message, { remedy: 'stop', scope: 'account', ...details });
}
