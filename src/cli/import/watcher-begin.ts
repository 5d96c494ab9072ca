import type { Cursor } from '../../core/cursor.ts';
import { isoTime } from '../../core/iso-time.ts';
import type { Account } from '../../core/types.ts';
import type { DuoApi } from '../../duo/api.ts';
import { type EndpointName, endpoints } from '../../endpoints/index.ts';
import { begin, oldestMs } from '../../engine/window.ts';
import { Taken } from '../../engine/taken.ts';
import type { Archived } from './watcher-archive.ts';

/** Where a feed goes on, and in a sentence what that means. */
export interface Begin {
  readonly cursor: Cursor;
  readonly sentence: string;
  /** Rows that will be in the archive twice. */
  readonly repeats: number;
}

const mostPages = 100;

/** Rows without an id are known by their text, which is what the day files hold. */
export function beginByContent({ second, count, found, taken }: Archived): Begin {
  const at = isoTime(second * 1000);
  const cursor = beginWith(second, taken);
  if (count === 0) return { cursor, repeats: 0, sentence: `goes on at ${at}` };
  if (found >= count)
    return {
      cursor,
      repeats: 0,
      sentence: `goes on at ${at}, without the ${count} archived there`,
    };
  const repeats = count - found;
  return {
    cursor,
    repeats,
    sentence: `goes on at ${at}; ${repeats} of its ${count} archived events are not in the day file and come again`,
  };
}

/**
 * v1 rows have no ids, v2 rows have: those of the second are left out when Duo serves as many as are archived. Else
 * nobody can tell which they are, and the second is repeated. Throws what Duo's client throws.
 */
export async function beginByNumber(
  archived: Archived,
  name: EndpointName,
  account: Account,
  api: DuoApi,
  signal: AbortSignal,
): Promise<Begin> {
  const { second, count } = archived;
  const at = isoTime(second * 1000);
  if (second * 1000 < oldestMs(api.nowMs())) {
    const sentence = `goes on at ${at}, which Duo no longer serves: what is older than 180 days is reported as a gap`;
    return { cursor: begin(second * 1000), repeats: 0, sentence };
  }
  if (count === 0) return beginByContent(archived);
  const served = await servedIn(second, name, account, api, signal);
  if (served !== undefined && served.size === count)
    return {
      cursor: beginWith(second, served.taken),
      repeats: 0,
      sentence: `goes on at ${at}, without the ${count} archived there`,
    };
  const number = served === undefined ? 'others' : String(served.size);
  return {
    cursor: begin(second * 1000),
    repeats: count,
    sentence: `goes on at ${at}: ${count} events are archived there, Duo serves ${number}, so the events of this one second come AGAIN`,
  };
}

/** The rows of that second; undefined when they are too many to be told. */
async function servedIn(
  second: number,
  name: EndpointName,
  account: Account,
  api: DuoApi,
  signal: AbortSignal,
): Promise<{ readonly size: number; readonly taken: Taken } | undefined> {
  const endpoint = endpoints[name];
  const taken = new Taken();
  let size = 0;
  let offset: string | undefined;
  const window = { mintimeMs: second * 1000, endMs: (second + 1) * 1000 };
  for (let page = 0; page < mostPages; page += 1) {
    const params = endpoint.params(offset === undefined ? window : { ...window, offset });
    const answer = await api.send({ account, method: 'GET', path: endpoint.path, params }, signal);
    for (const row of endpoint.rows(answer)) {
      const [id, timeMs] = [endpoint.id(row), endpoint.timeMs(row)];
      // At its end the window may hold the next second's first.
      if (timeMs !== undefined && Math.floor(timeMs / 1000) !== second) continue;
      if (id === undefined || timeMs === undefined) return undefined;
      if (taken.take(id, timeMs)) size += 1;
    }
    offset = endpoint.offset(answer);
    if (offset === undefined) return { size, taken };
  }
  return undefined;
}

function beginWith(second: number, taken: Taken): Cursor {
  return { ...begin(second * 1000), taken: taken.toString() };
}
