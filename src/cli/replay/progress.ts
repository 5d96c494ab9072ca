import { join } from 'node:path';
import { type FileSystem, nodeFileSystem, writeAtomic } from '../../core/atomic-file.ts';
import { ForwarderError, messageOf, systemCode } from '../../core/errors.ts';
import { isObject } from '../../core/row.ts';
import type { JsonValue } from '../../core/types.ts';

/** How far a replay has come that has not ended. */
export interface Progress {
  /** As `orderOf` names it. */
  readonly file: string;
  /** So much of it is confirmed. */
  readonly bytes: number;
  /** The times of its beginning, which `30d` would move. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

const format = 1;

export function progressPath(stateDirectory: string): string {
  return join(stateDirectory, 'replays.json');
}

/** By what was asked for. Throws `replay_progress_unreadable`: guessing would send twice. */
export async function readProgress(path: string): Promise<ReadonlyMap<string, Progress>> {
  try {
    const text = Buffer.from(await nodeFileSystem.readFile(path)).toString('utf8');
    const value = JSON.parse(text) as JsonValue;
    if (!isObject(value) || value['format'] !== format || !isObject(value['replays']))
      throw new Error('its shape is unknown');
    return new Map(Object.entries(value['replays']).flatMap(placeOf));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return new Map();
    throw new ForwarderError(
      'replay_progress_unreadable',
      `${path} cannot be read: ${messageOf(error)}`,
      {
        remedy: 'stop',
        hint: 'Move that file away: a replay that was broken off then begins anew.',
        cause: error,
      },
    );
  }
}

/** Resolves when it is on disk, whole; without `progress` the replay has ended. Throws `replay_progress_unwritable`. */
export async function saveProgress(
  path: string,
  key: string,
  progress: Progress | undefined,
  fs: FileSystem = nodeFileSystem,
): Promise<void> {
  const all = new Map(await readProgress(path));
  if (progress !== undefined) all.set(key, progress);
  else if (!all.delete(key)) return;
  const text = JSON.stringify({ format, replays: Object.fromEntries(all) });
  try {
    await writeAtomic(path, Buffer.from(`${text}\n`), { fs });
  } catch (error) {
    throw new ForwarderError(
      'replay_progress_unwritable',
      `${path} cannot be written: ${messageOf(error)}`,
      {
        remedy: 'stop',
        hint: 'Free space on that disk. What was confirmed just now goes once more when you run this again.',
        cause: error,
      },
    );
  }
}

function placeOf([key, place]: readonly [string, JsonValue]): [string, Progress][] {
  if (!isObject(place)) return [];
  const { file, bytes, sinceMs, untilMs } = place;
  if (typeof file !== 'string' || typeof bytes !== 'number') return [];
  const since = typeof sinceMs === 'number' ? { sinceMs } : {};
  return [[key, { file, bytes, ...since, ...(typeof untilMs === 'number' ? { untilMs } : {}) }]];
}
