import { mkdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { acknowledgedPath } from '../checkpoint/acknowledged.ts';
import { commandOf, prepareStateDirectory } from '../checkpoint/state-directory.ts';
import { acquireLock } from '../control/lock.ts';
import { removeLeftovers } from '../core/atomic-file.ts';
import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';
import { packageVersion } from '../core/version.ts';
import { resentPath } from '../dead-letter/resent.ts';
import type { Io } from './io.ts';
import { progressPath } from './replay/progress.ts';

/** Whether there is a state directory yet: a command that looks must not make one. */
export async function hasState(state: string): Promise<boolean> {
  try {
    return (await stat(state)).isDirectory();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return false;
    throw unusable(`${state} cannot be looked at: ${messageOf(error)}`, whoRunsIt, error);
  }
}

/**
 * Commands that change something take turns; the running program goes on meanwhile, its own lock is another.
 * Only as the user that the state belongs to, who must be able to read what is written here. Throws
 * `command_running` (stop).
 */
export async function withCommandLock<T>(
  state: string,
  io: Io,
  work: () => Promise<T>,
): Promise<T> {
  await ownerOnly(state, io);
  await prepareStateDirectory(state, { platform: io.platform, uid: io.uid });
  const folder = join(state, 'commands');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const since = new Date(io.clock.nowMs()).toISOString();
  const options = {
    stateDirectory: folder,
    describe: () => ({ pid: process.pid, since, version: packageVersion() }),
    platform: io.platform,
    tmpdir: tmpdir(),
    ...(io.uid === undefined ? {} : { uid: io.uid }),
  };
  const lock = await acquireLock(options).catch((error: unknown) => {
    if (!(error instanceof ForwarderError) || error.code !== 'already_running') throw error;
    throw new ForwarderError(
      'command_running',
      'another duologsync command is changing this state directory at the moment',
      { remedy: 'stop', hint: 'Wait until it has ended, then try again.', cause: error },
    );
  });
  try {
    await tidy(state);
    return await work();
  } finally {
    await lock.release();
  }
}

/** What a killed command left half made; the program, which may run, writes other files here. */
async function tidy(state: string): Promise<void> {
  const own = [acknowledgedPath(state), resentPath(state), progressPath(state)];
  // No reason to stop: whether the disk can be written shows when something is.
  await removeLeftovers(
    state,
    undefined,
    own.map((path) => basename(path)),
  ).catch(() => undefined);
}

const whoRunsIt = 'Run this as the user that runs duologsync.';

/** What root leaves here the program could not read. */
async function ownerOnly(state: string, { uid, platform }: Io): Promise<void> {
  if (platform === 'win32' || uid === undefined || !(await hasState(state))) return;
  const owner = (await stat(state)).uid;
  if (owner === uid) return;
  const hint = `Run it as that user: ${commandOf(owner, state)}`;
  throw unusable(`${state} belongs to the user with number ${owner}, this is number ${uid}`, hint);
}

function unusable(message: string, hint: string, cause?: unknown): ForwarderError {
  return new ForwarderError('state_directory_unusable', message, { remedy: 'stop', hint, cause });
}
