import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ForwarderError, messageOf, systemCode } from '../../core/errors.ts';
import { isObject } from '../../core/row.ts';
import type { JsonValue } from '../../core/types.ts';

/** Duo Watcher's name of a log and ours. */
export const watchers = {
  auth: 'auth',
  admin: 'adminaction',
  phone: 'telephony',
} as const;
export type Watcher = keyof typeof watchers;

/**
 * `<folder>/state`: the last event's time, and how many events of that second are archived. Earlier versions wrote the
 * second after the last event and no count, which later ones read as 0 (UWIT-IAM/duo_watcher, duo_watcher.py).
 */
export interface WatcherState {
  readonly file: string;
  readonly second: number;
  readonly count: number;
}

// A state in milliseconds, or of a wrong clock, is none.
const latestSecond = 1e11;
const dayMs = 86_400_000;

/**
 * Where one of Duo Watcher's logs stopped; undefined when it has no state file, or one without any event. Throws
 * `watcher_unreadable` for any other text: a guess would lose or repeat.
 */
export async function readWatcherState(
  directory: string,
  watcher: Watcher,
  nowMs: number,
): Promise<WatcherState | undefined> {
  const file = join(directory, watcher, 'state');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw unreadable(file, messageOf(error), error);
  }
  const { timestamp, count = 0 } = members(file, text);
  if (!isWhole(timestamp) || timestamp >= latestSecond)
    throw unreadable(file, 'its timestamp is no whole number of seconds');
  if (timestamp * 1000 > nowMs + dayMs) throw unreadable(file, 'its timestamp is in the future');
  if (!isWhole(count)) throw unreadable(file, 'its count is no whole number');
  return timestamp === 0 ? undefined : { file, second: timestamp, count };
}

/** Throws `watcher_unreadable` when it is no folder. */
export async function mustBeFolder(directory: string): Promise<void> {
  try {
    if ((await stat(directory)).isDirectory()) return;
  } catch (error) {
    throw unreadable(directory, messageOf(error), error);
  }
  throw unreadable(directory, 'it is no folder');
}

const whatToName =
  'Name the folder of Duo Watcher\'s archive, the one that holds auth/state, and see that this user may read it. A damaged state file: write the time of the last archived row in seconds and how many rows have it, as {"timestamp": 1767225600, "count": 1}.';

export function unreadable(
  file: string,
  why: string,
  cause?: unknown,
  hint = whatToName,
): ForwarderError {
  return new ForwarderError('watcher_unreadable', `${file} cannot be used: ${why}`, {
    remedy: 'stop',
    hint,
    cause,
  });
}

function members(file: string, text: string): Readonly<Record<string, JsonValue>> {
  try {
    const value = JSON.parse(text) as JsonValue;
    if (isObject(value)) return value;
  } catch (error) {
    throw unreadable(file, text.trim() === '' ? 'it is empty' : 'it is not JSON', error);
  }
  throw unreadable(file, 'it is no JSON object');
}

function isWhole(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
