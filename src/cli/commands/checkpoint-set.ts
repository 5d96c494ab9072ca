import type { FeedIdentity } from '../../checkpoint/checkpoint.ts';
import { openFileStore } from '../../checkpoint/file-store.ts';
import { stateDirectory } from '../../checkpoint/state-directory.ts';
import type { Config } from '../../config/schema.ts';
import type { Lock } from '../../control/lock.ts';
import { isoTime } from '../../core/iso-time.ts';
import { silentLogger } from '../../core/log.ts';
import { createProgramLog } from '../../core/program-log.ts';
import { begin, oldestMs } from '../../engine/window.ts';
import { keepRecord, lockProgram } from '../change-checkpoint.ts';
import { hasState } from '../command-lock.ts';
import { configPath, loadForCommand, tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { named, type StoredFeed, storedFeeds } from '../stored-feeds.ts';
import { printable } from '../table.ts';
import { parseTime, timeForms } from '../time-argument.ts';
import { duration } from '../units.ts';
import { noSuchCheckpoint } from './checkpoint-list.ts';

export interface SetOptions {
  readonly yes?: boolean;
}

/**
 * Lets a feed go on from another time, while the program does not run. Says what will be repeated or skipped; does it
 * with `yes` alone, keeps the record of before, and leaves a line in the log.
 */
export async function setCheckpoint(
  name: string,
  time: string,
  given: string | undefined,
  options: SetOptions,
  io: Io,
): Promise<ExitCode> {
  const nowMs = io.clock.nowMs();
  const toMs = parseTime(time, nowMs);
  if (toMs === undefined || toMs > nowMs) {
    const why = toMs === undefined ? 'is no time' : 'is not over yet';
    say(io.stderr, `duologsync: '${printable(time)}' ${why}`);
    say(io.stderr, `  Write ${timeForms}.`);
    return exitCodes.usage;
  }
  const loaded = await loadForCommand(configPath(given, io), io, {
    secrets: false,
    warnings: false,
  });
  if (loaded.exit !== undefined) return loaded.exit;
  const { config, paths } = loaded;
  const state = stateDirectory(paths.directory, config.account.hostname);
  if (!(await hasState(state))) return noSuchCheckpoint(name, [], io);
  let lock: Lock | undefined;
  try {
    lock = await lockProgram(state, io);
    const feeds = await storedFeeds(state);
    const feed = named(feeds, name);
    if (feed?.record === undefined) return noSuchCheckpoint(name, feeds, io);
    say(io.stdout, consequence(feed, toMs, nowMs));
    if (options.yes !== true) {
      say(io.stdout, 'Nothing is changed yet: add --yes.');
      return exitCodes.usage;
    }
    await set(feed, toMs, { state, config, logFile: paths.logFile }, io);
    return exitCodes.ok;
  } catch (error) {
    return tell(error, io);
  } finally {
    await lock?.release();
  }
}

/** What it costs, in a sentence or two. */
function consequence({ id, record }: StoredFeed, toMs: number, nowMs: number): string {
  const fromMs = record?.checkpoint.cursor.positionMs ?? toMs;
  const span = duration(Math.abs(fromMs - toMs));
  const [from, to] = [isoTime(fromMs), isoTime(toMs)];
  const feed = printable(id);
  if (toMs === fromMs)
    return `${feed} stands at ${to} already; what it knows of events there is forgotten.`;
  if (toMs > fromMs) {
    return `${feed} goes on from ${to} instead of ${from}: events of these ${span} are SKIPPED and never sent.`;
  }
  const oldest = oldestMs(nowMs);
  const reach = toMs < oldest ? ` Duo has nothing older than ${isoTime(oldest)}.` : '';
  return `${feed} goes on from ${to} instead of ${from}: events of these ${span} are sent AGAIN.${reach}`;
}

interface Where {
  readonly state: string;
  readonly config: Config;
  readonly logFile: string;
}

async function set(feed: StoredFeed, toMs: number, where: Where, io: Io): Promise<void> {
  const { record, file, id } = feed;
  if (record === undefined) return;
  const { identity, checkpoint } = record;
  const kept = await keepRecord(file, where.state, io);
  const store = openFileStore({
    directory: where.state,
    configuredServerIds: where.config.servers.map((server) => server.id),
    clock: io.clock,
    log: silentLogger,
  });
  const { mark } = checkpoint;
  await store.save(identity, { cursor: begin(toMs), ...(mark === undefined ? {} : { mark }) });
  await note(id, identity, checkpoint.cursor.positionMs, toMs, where, io);
  say(io.stdout, `Set. The record of before is kept in ${kept}.`);
}

/** Who looks for events that are missing, or there twice, finds in the log why. */
async function note(
  feed: string,
  { endpoint, server }: FeedIdentity,
  fromMs: number,
  toMs: number,
  { logFile }: Where,
  io: Io,
): Promise<void> {
  const { log, close } = createProgramLog({ file: logFile, level: 'info', clock: io.clock });
  log.warn('A checkpoint was set by hand', {
    code: toMs > fromMs ? 'checkpoint_skipped' : 'checkpoint_repeated',
    feed,
    endpoint,
    server: server.id,
    from: isoTime(fromMs),
    to: isoTime(toMs),
  });
  await close();
}
