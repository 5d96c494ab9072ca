import { randomInt } from 'node:crypto';
import { chmod, lstat, readdir, rename, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';
import type { JsonObject } from '../core/types.ts';
import { probe } from './probe.ts';
import { answerOnce, listen, type ConnectionHandler, type ControlServer } from './server.ts';
import { prepareSocketPath, type SocketPlaceOptions } from './socket-path.ts';

export interface LockOptions {
  readonly stateDirectory: string;
  /** What a caller is told: pid, since, version, config. */
  readonly describe: () => JsonObject;
  /** Speaks with callers; default: says `describe()` as one JSON line and hangs up. */
  readonly handle?: ConnectionHandler;
  readonly platform?: NodeJS.Platform;
  readonly tmpdir?: string;
  readonly uid?: number;
}

export interface Lock {
  /** The socket or pipe that answers. */
  readonly path: string;
  release(): Promise<void>;
}

/**
 * Makes this process the only one that works on a state directory, until `release` or its death; the
 * kernel frees a killed process's socket at once. Throws `already_running` (stop) naming the holder.
 *
 * A stale socket cannot be removed safely (between look and removal another may have taken it). So
 * everyone first listens at a name of its own, *then* looks for others: of two that do so at least one
 * sees the other. Who sees nobody alive holds the lock, and renames its socket to the known name.
 */
export async function acquireLock(options: LockOptions): Promise<Lock> {
  const uid = options.uid ?? process.getuid?.();
  const platform = options.platform ?? process.platform;
  const place: SocketPlaceOptions = {
    stateDirectory: options.stateDirectory,
    platform,
    tmpdir: options.tmpdir ?? tmpdir(),
    uid,
  };
  const handle = options.handle ?? answerOnce(options.describe);
  try {
    const path = await prepareSocketPath(place);
    if (platform === 'win32') return await takePipe(path, handle);
    return await takeSocket(path, handle).catch(async (error: unknown) => {
      // Some network and container file systems know no sockets.
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'].includes(systemCode(error) ?? ''))
        throw error;
      return takeSocket(await prepareSocketPath(place, true), handle);
    });
  } catch (error) {
    if (error instanceof ForwarderError) throw error;
    throw new ForwarderError('lock_unusable', `The lock cannot be taken: ${messageOf(error)}`, {
      remedy: 'stop',
      scope: 'account',
      hint: `Check that the user that runs duologsync owns ${options.stateDirectory} and can write there.`,
      cause: error,
    });
  }
}

interface Candidate {
  readonly name: string;
  readonly path: string;
  readonly server: ControlServer;
}

const candidateName = /^s[0-9a-z]{3}$/;
const decideWithinMs = 15_000;

async function takeSocket(path: string, handle: ConnectionHandler): Promise<Lock> {
  const folder = dirname(path);
  const deadlineMs = performance.now() + decideWithinMs;
  for (;;) {
    const own = await announce(folder, handle);
    try {
      if (await isAlone(path, own, deadlineMs)) {
        await rename(own.path, path);
        await removeStale(folder);
        return { path, release: () => release(path, own.server) };
      }
    } catch (error) {
      await release(own.path, own.server);
      throw error;
    }
    await release(own.path, own.server);
    await sleep(randomInt(20, 120));
  }
}

/** Short names: they must fit where `s` fits. */
async function announce(folder: string, handle: ConnectionHandler): Promise<Candidate> {
  for (let tries = 0; ; tries += 1) {
    const name = `s${randomInt(36 ** 3)
      .toString(36)
      .padStart(3, '0')}`;
    const path = join(folder, name);
    try {
      const server = await listen(path, handle);
      try {
        await chmod(path, 0o600);
      } catch (error) {
        await server.close();
        throw error;
      }
      return { name, path, server };
    } catch (error) {
      if (systemCode(error) !== 'EADDRINUSE' || tries === 100) throw error;
    }
  }
}

/** True: the lock is ours. False: another candidate goes first. Throws when somebody holds it. */
async function isAlone(path: string, own: Candidate, deadlineMs: number): Promise<boolean> {
  for (;;) {
    const others = await liveCandidates(dirname(path), own.name);
    // After the candidates: one of them may just have moved there.
    const holder = await probe(path);
    if (holder.live) throw alreadyRunning(path, holder.answer);
    if (others.length === 0) return true;
    if (performance.now() > deadlineMs) throw alreadyRunning(path, undefined);
    // The smallest name stays, so that somebody wins.
    if (others.some((name) => name < own.name)) return false;
    await sleep(10);
  }
}

async function liveCandidates(folder: string, own: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => candidateName.test(name) && name !== own);
  const answers = await Promise.all(names.map((name) => probe(join(folder, name))));
  return names.filter((_, index) => answers[index]?.live === true);
}

/** Candidates that were killed; young ones are left alone, they may be about to listen. */
async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!candidateName.test(name)) continue;
    const path = join(folder, name);
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined || !found.isSocket() || Date.now() - found.mtimeMs < 60_000) continue;
    if (!(await probe(path)).live) await unlink(path).catch(() => undefined);
  }
}

async function takePipe(path: string, handle: ConnectionHandler): Promise<Lock> {
  for (let tries = 0; ; tries += 1) {
    try {
      const server = await listen(path, handle);
      return { path, release: () => server.close() };
    } catch (error) {
      if (!['EADDRINUSE', 'EACCES'].includes(systemCode(error) ?? '')) throw error;
      const holder = await probe(path);
      if (holder.live || tries === 20) {
        throw alreadyRunning(path, holder.live ? holder.answer : undefined);
      }
      await sleep(50);
    }
  }
}

/** The name goes first: once the socket is closed, what lies there may be somebody else's. */
async function release(path: string, server: ControlServer): Promise<void> {
  await unlink(path).catch(() => undefined);
  await server.close();
}

function alreadyRunning(path: string, answer: JsonObject | undefined): ForwarderError {
  const { pid, since } = answer ?? {};
  const who = [
    ...(typeof pid === 'number' ? [`pid ${pid}`] : ['it does not say its pid']),
    ...(typeof since === 'string' ? [`since ${since}`] : []),
  ];
  const where = basename(path) === 's' ? dirname(path) : path;
  return new ForwarderError(
    'already_running',
    `Another duologsync already works with this state directory (${who.join(', ')}; ${where})`,
    {
      remedy: 'stop',
      scope: 'account',
      hint: 'Stop that process first, or give this one a dls_settings.checkpointing.directory of its own.',
    },
  );
}
