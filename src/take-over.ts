import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findDlsCheckpoint, settleDlsCheckpoint } from './checkpoint/dls-import.ts';
import type { FileStore } from './checkpoint/file-store.ts';
import { configFlag } from './config/config-flag.ts';
import { ForwarderError } from './core/errors.ts';
import type { Logger } from './core/log.ts';
import type { DuoApi } from './duo/api.ts';
import type { TakenOver } from './engine/begin.ts';
import type { Feed } from './engine/feed.ts';
import { oldestMs } from './engine/window.ts';

export interface TakeOverOptions {
  /** Undefined when nothing is remembered: then nothing is taken over either. */
  readonly files: FileStore | undefined;
  readonly directories: readonly string[];
  /** The client of now. */
  readonly api: () => DuoApi;
  readonly log: Logger;
  /** As commands in the log name it. */
  readonly configFile?: string;
}

/**
 * Finds where DLS stopped, once per account and endpoint, on the first start of it: when none of its feeds
 * has a checkpoint of its own. DLS's files are only read.
 */
export function createTakeOver(
  options: TakeOverOptions,
): (feed: Feed, signal: AbortSignal) => Promise<TakenOver | undefined> {
  const found = new Map<string, Promise<TakenOver | undefined>>();
  const named = new Set<string>();
  return (feed, signal) => {
    const key = `${feed.endpointName} ${feed.account.id ?? ''}`;
    let search = found.get(key);
    if (search === undefined) {
      search = look(feed, options, named, signal);
      found.set(key, search);
      // A search that failed (Duo did not answer) is made again by whoever asks next.
      search.catch(() => found.delete(key));
    }
    return search;
  };
}

/** For other logs DLS asked without the child's id: its files tell where the parent's log stopped. */
const ofChildren: ReadonlySet<string> = new Set(['auth', 'adminaction']);

async function look(
  feed: Feed,
  options: TakeOverOptions,
  named: Set<string>,
  signal: AbortSignal,
): Promise<TakenOver | undefined> {
  const { files, directories, log, api } = options;
  if (files === undefined) return undefined;
  const { accountId, endpoint } = feed.identity;
  if (await files.hasAny(accountId, endpoint)) return undefined;
  await nameUnsent(feed, options, named);
  if (accountId !== undefined && !ofChildren.has(endpoint)) return undefined;
  const checkpoint = await findDlsCheckpoint({ directories, endpoint, accountId });
  if (checkpoint === undefined) return undefined;
  if (checkpoint.problem !== undefined) {
    log.warn("Duo Log Sync's checkpoint cannot be read and is not used", {
      file: checkpoint.file,
      reason: checkpoint.problem,
    });
    return undefined;
  }
  const settled = await settleDlsCheckpoint(checkpoint, (ms, id) =>
    serves(feed, api(), ms, id, signal),
  );
  return { ...settled, file: checkpoint.file };
}

/** Says once where DLS put events that it could not send as datagrams, and what sends them. */
async function nameUnsent(
  { identity: { endpoint, server } }: Feed,
  { directories, log, configFile }: TakeOverOptions,
  named: Set<string>,
): Promise<void> {
  for (const directory of directories) {
    const file = join(directory, `${endpoint}_udp_failed_ingestion_logs.txt`);
    if (named.has(file)) continue;
    const bytes = await stat(file).then(
      (found) => (found.isFile() ? found.size : 0),
      () => 0,
    );
    if (bytes === 0) continue;
    named.add(file);
    log.warn('Duo Log Sync left events in a file that it could not send', {
      file,
      bytes,
      hint: `Send them: duologsync dead-letter resend --dls "${file}" --to "${server.id}"${configFlag(configFile)}`,
    });
  }
}

/** Whether Duo shows the row with this id at this millisecond. */
async function serves(
  feed: Feed,
  api: DuoApi,
  timeMs: number,
  id: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { endpoint, account } = feed;
  if (timeMs < oldestMs(api.nowMs())) return false;
  const params = endpoint.params({ mintimeMs: timeMs, endMs: timeMs + 1 });
  try {
    const answer = await api.send({ account, method: 'GET', path: endpoint.path, params }, signal);
    return endpoint.rows(answer).some((row) => endpoint.id(row) === id);
  } catch (error) {
    // Duo does not serve this time: the reading is not the right one.
    if (error instanceof ForwarderError && error.code === 'duo_bad_request') return false;
    throw error;
  }
}
