import { join } from 'node:path';
import { type FileSystem, nodeFileSystem, writeAtomic } from '../core/atomic-file.ts';
import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';
import { isObject } from '../core/row.ts';
import type { JsonValue } from '../core/types.ts';

/** How far a file of Duo Log Sync has been sent to one server. */
export interface SentUpTo {
  readonly bytes: number;
  /** Names what stands before that place, to know another file of the same name. */
  readonly fingerprint: string;
}

/** What the command has sent and a server has confirmed. */
export interface Resent {
  /** Ids of letters. */
  readonly letters: ReadonlySet<string>;
  /** By file and server. */
  readonly files: ReadonlyMap<string, SentUpTo>;
}

const format = 1;
export const nothingResent: Resent = { letters: new Set(), files: new Map() };

/** Written by the command, read by the program: each file has one writer. */
export function resentPath(stateDirectory: string): string {
  return join(stateDirectory, 'dead-letters-resent.json');
}

/** Nothing when there is no file. Throws `resent_unreadable` for one that is damaged: guessing would send twice. */
export async function readResent(
  path: string,
  fs: Pick<FileSystem, 'readFile'> = nodeFileSystem,
): Promise<Resent> {
  try {
    const value = JSON.parse(Buffer.from(await fs.readFile(path)).toString('utf8')) as JsonValue;
    if (!isObject(value) || value['format'] !== format) throw new Error('its shape is unknown');
    const { letters, files } = value;
    if (!Array.isArray(letters) || !isObject(files)) throw new Error('its shape is unknown');
    const ids = (letters as readonly JsonValue[]).filter((id) => typeof id === 'string');
    return { letters: new Set(ids), files: new Map(Object.entries(files).flatMap(placeOf)) };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return nothingResent;
    throw new ForwarderError('resent_unreadable', `${path} cannot be read: ${messageOf(error)}`, {
      hint: 'Move that file away: what was sent again and is still in the dead letters is then sent once more.',
      cause: error,
    });
  }
}

/** Resolves when it is on disk, whole. Throws `resent_unwritable`; then the old file is as it was. */
export async function saveResent(
  path: string,
  { letters, files }: Resent,
  fs: FileSystem = nodeFileSystem,
): Promise<void> {
  const text = JSON.stringify({ format, letters: [...letters], files: Object.fromEntries(files) });
  try {
    await writeAtomic(path, Buffer.from(`${text}\n`), { fs });
  } catch (error) {
    throw new ForwarderError(
      'resent_unwritable',
      `${path} cannot be written: ${messageOf(error)}`,
      {
        hint: 'Free space on that disk. What was confirmed just now goes once more when you run this again.',
        cause: error,
      },
    );
  }
}

function placeOf([key, place]: readonly [string, JsonValue]): [string, SentUpTo][] {
  if (!isObject(place)) return [];
  const { bytes, fingerprint } = place;
  if (typeof bytes !== 'number' || typeof fingerprint !== 'string') return [];
  return [[key, { bytes, fingerprint }]];
}
