import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ForwarderError, messageOf } from '../../core/errors.ts';
import { Row } from '../../core/row.ts';
import { wholeLines } from '../../dead-letter/whole-lines.ts';
import { adminaction } from '../../endpoints/adminaction.ts';
import { idOfText } from '../../engine/take-page.ts';
import { Taken } from '../../engine/taken.ts';
import { unreadable, type Watcher, type WatcherState } from './watcher-state.ts';

/** What is archived of one log. */
export interface Archived {
  /** The second of the last row: that of the state, or a later one of the files. */
  readonly second: number;
  /** How many rows of that second are archived. */
  readonly count: number;
  /** How many of them the day files still hold. */
  readonly found: number;
  /** The rows from the state's second on, by their content. */
  readonly taken: Taken;
}

/**
 * Reads the day files from the state's second on. They are the truth: a daemon that was killed after a row was
 * appended and before its state was renamed has more in the files than the state says. Throws
 * `watcher_unreadable`, also for a day file whose last line is torn: the next row would be glued to it.
 */
export async function readArchived(
  directory: string,
  watcher: Watcher,
  state: WatcherState,
): Promise<Archived> {
  const folder = join(directory, watcher);
  const taken = new Taken();
  const twins = new Map<string, number>();
  let [second, found] = [state.second, 0];
  for (const name of await daysFrom(folder, state.second)) {
    for await (const line of linesOf(join(folder, name))) {
      const row = new Row(line);
      const timeMs = timeOf(row);
      if (timeMs === undefined || timeMs < state.second * 1000) continue;
      taken.take(idOfText(row, timeMs, twins), timeMs);
      const own = Math.floor(timeMs / 1000);
      if (own > second) [second, found] = [own, 0];
      if (own === second) found += 1;
    }
  }
  const count = second === state.second ? Math.max(state.count, found) : found;
  return { second, count, found, taken };
}

/** A day begins at most 14 hours earlier than UTC's, so the files from the day before on may hold the second. */
async function daysFrom(folder: string, second: number): Promise<readonly string[]> {
  const before = new Date((second - 86_400) * 1000);
  const first = before.toISOString().slice(2, 10).replaceAll('-', '');
  try {
    const names = await readdir(folder);
    return names.filter((name) => /^\d{6}$/.test(name) && name >= first).sort();
  } catch (error) {
    throw unreadable(folder, messageOf(error), error);
  }
}

async function* linesOf(file: string): AsyncGenerator<Buffer> {
  const lines = wholeLines(file);
  try {
    for (;;) {
      const { done, value } = await lines.next();
      if (done !== true) {
        if (value.length > 0) yield value;
        continue;
      }
      if (value.length === 0) return;
      throw unreadable(
        file,
        'its last line is cut short. Remove that line, Duo still has its event, and run this again',
      );
    }
  } catch (error) {
    throw error instanceof ForwarderError ? error : unreadable(file, messageOf(error), error);
  }
}

/** Rows of all three logs carry their time as v1 does. Undefined for a line that is no row. */
function timeOf(row: Row): number | undefined {
  try {
    return adminaction.timeMs(row);
  } catch {
    return undefined;
  }
}
