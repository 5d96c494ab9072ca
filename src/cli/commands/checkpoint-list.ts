import { isoTime } from '../../core/iso-time.ts';
import type { JsonObject, JsonValue } from '../../core/types.ts';
import { isObject } from '../../core/row.ts';
import { Taken } from '../../engine/taken.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { placeOf } from '../state-place.ts';
import { named, type StoredFeed, storedFeeds } from '../stored-feeds.ts';
import { printable, table } from '../table.ts';
import { counted, duration } from '../units.ts';

export interface CheckpointOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** Every feed's position, how old it is, and its file; the program may run. Exit 1 when one cannot be read. */
export async function listCheckpoints(
  given: string | undefined,
  { json }: CheckpointOptions,
  io: Io,
): Promise<ExitCode> {
  const place = await placeOf(given, io);
  if (place.exit !== undefined) return place.exit;
  const feeds = await storedFeeds(place.stateDirectory);
  const exit = feeds.some(({ wrong }) => wrong !== undefined) ? exitCodes.failure : exitCodes.ok;
  const nowMs = io.clock.nowMs();
  if (json === true) {
    const checkpoints = feeds.map((feed) => forMachines(feed));
    say(io.stdout, JSON.stringify({ schema_version: 1, checkpoints }, null, 2));
    return exit;
  }
  if (feeds.length === 0) {
    say(io.stdout, `There are no checkpoints yet in ${place.stateDirectory}.`);
    return exit;
  }
  const rows = feeds.map(({ id, file, record }) => {
    const positionMs = record?.checkpoint.cursor.positionMs;
    return [
      printable(id),
      positionMs === undefined ? 'unreadable' : isoTime(positionMs),
      positionMs === undefined ? '-' : duration(nowMs - positionMs),
      record === undefined ? '-' : `${duration(nowMs - record.savedAtMs)} ago`,
      file,
    ];
  });
  say(io.stdout, table([['FEED', 'POSITION', 'AGE', 'SAVED', 'FILE'], ...rows]));
  for (const { file, wrong, record } of feeds) {
    if (wrong === undefined) continue;
    const instead = record === undefined ? 'nor can its .prev' : 'its .prev is used';
    say(io.stderr, `duologsync: ${file} cannot be read (${wrong}), ${instead}`);
  }
  return exit;
}

/** One feed's record, readable; exit 2 when there is none of this name. */
export async function showCheckpoint(
  name: string,
  given: string | undefined,
  { json }: CheckpointOptions,
  io: Io,
): Promise<ExitCode> {
  const place = await placeOf(given, io);
  if (place.exit !== undefined) return place.exit;
  const feeds = await storedFeeds(place.stateDirectory);
  const feed = named(feeds, name);
  if (feed === undefined) return noSuchCheckpoint(name, feeds, io);
  if (json === true) {
    say(io.stdout, JSON.stringify(forMachines(feed), null, 2));
    return feed.record === undefined ? exitCodes.failure : exitCodes.ok;
  }
  say(io.stdout, `feed: ${printable(feed.id)}`);
  say(io.stdout, `file: ${feed.file}`);
  if (feed.wrong !== undefined) say(io.stdout, `newest generation: ${feed.wrong}`);
  if (feed.record === undefined) return exitCodes.failure;
  for (const line of linesOf(recordOf(feed))) say(io.stdout, line);
  return exitCodes.ok;
}

export function noSuchCheckpoint(name: string, feeds: readonly StoredFeed[], io: Io): ExitCode {
  say(io.stderr, `duologsync: there is no checkpoint of a feed '${printable(name)}'`);
  const known = feeds.slice(0, 10).map(({ id }) => `'${printable(id)}'`);
  const more = feeds.length > known.length ? `, … (${counted(feeds.length, 'feed')})` : '';
  const hint = known.length === 0 ? 'There are none yet.' : `There are ${known.join(', ')}${more}`;
  say(io.stderr, `  ${hint}`);
  return exitCodes.usage;
}

function forMachines(feed: StoredFeed): JsonObject {
  const positionMs = feed.record?.checkpoint.cursor.positionMs;
  return {
    feed: feed.id,
    file: feed.file,
    position: positionMs === undefined ? null : isoTime(positionMs),
    saved: feed.record === undefined ? null : isoTime(feed.record.savedAtMs),
    wrong: feed.wrong ?? null,
    record: feed.record === undefined ? null : recordOf(feed),
  };
}

/** As it is on disk, with a count instead of the ids that are packed there. */
function recordOf({ record }: StoredFeed): JsonObject {
  if (record === undefined) return {};
  const { identity, checkpoint, savedAtMs, sequence } = record;
  const { taken, ...cursor } = checkpoint.cursor;
  const readable = { ...cursor, taken: counted(Taken.parse(taken).size, 'id') };
  const all = { identity, cursor: readable, mark: checkpoint.mark, savedAtMs, sequence };
  return JSON.parse(JSON.stringify(all)) as JsonObject;
}

/** `cursor.positionMs: 1763778600000 (2026-11-22T02:30:00.000Z)`, a line for each value. */
function linesOf(value: JsonValue, path = ''): string[] {
  if (isObject(value)) {
    return Object.entries(value).flatMap(([key, inside]) =>
      linesOf(inside, path === '' ? key : `${path}.${key}`),
    );
  }
  const time = typeof value === 'number' && path.endsWith('Ms') ? ` (${isoTime(value)})` : '';
  const text = typeof value === 'string' ? printable(value) : JSON.stringify(value);
  return [`${path}: ${text}${time}`];
}
