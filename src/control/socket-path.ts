import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';

export interface SocketPlaceOptions {
  readonly stateDirectory: string;
  readonly platform: NodeJS.Platform;
  readonly tmpdir: string;
  /** Who we are; undefined on Windows. */
  readonly uid: number | undefined;
}

// Node cuts a longer path of a Unix socket at 107 bytes (macOS: 103) without an error.
const longestPath = 100;
const pointer = 'socket';

/**
 * Where the lock's socket of a state directory lies: `<state>/s`, or when that is too long a private
 * folder in `tmpdir`; the file `<state>/socket` then holds its name, so that processes with another
 * TMPDIR find the same one. On Windows a named pipe. Writes nothing.
 */
export async function socketPath(options: SocketPlaceOptions): Promise<string> {
  const real = await realpath(options.stateDirectory);
  if (options.platform === 'win32') return `\\\\.\\pipe\\duologsync-${hashOf(real.toLowerCase())}`;
  const recorded = await readPointer(real);
  if (recorded !== undefined) return recorded;
  const direct = join(real, 's');
  return fits(direct) ? direct : temporaryPath(real, options);
}

/** Makes what the socket needs; `outside` for file systems that know no sockets. */
export async function prepareSocketPath(
  options: SocketPlaceOptions,
  outside = false,
): Promise<string> {
  const path = await socketPath(options);
  if (options.platform === 'win32') return path;
  const real = await realpath(options.stateDirectory);
  const direct = join(real, 's');
  if (path === direct && !outside) return path;
  const wanted = path === direct ? temporaryPath(real, options) : path;
  const agreed = await agreeOnPointer(real, wanted);
  await prepareFolder(agreed, options.uid);
  return agreed;
}

function temporaryPath(real: string, { tmpdir, uid }: SocketPlaceOptions): string {
  const folder = `duologsync-${uid ?? 0}-${hashOf(real)}`;
  const paths = [tmpdir, '/tmp'].map((directory) => join(directory, folder, 's'));
  const path = paths.find(fits);
  if (path === undefined) throw unusable(`${paths[0] ?? ''} is too long for a socket`);
  return path;
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= longestPath;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

async function readPointer(real: string): Promise<string | undefined> {
  try {
    const text = (await readFile(join(real, pointer), 'utf8')).trim();
    return text === '' ? undefined : text;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The first process to write the pointer decides for all. */
async function agreeOnPointer(real: string, wanted: string): Promise<string> {
  const file = join(real, pointer);
  try {
    await writeFile(file, `${wanted}\n`, { flag: 'wx', mode: 0o600 });
    return wanted;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  // Another process may be between making the file and filling it.
  for (let tries = 0; tries < 20; tries += 1) {
    const recorded = await readPointer(real);
    if (recorded !== undefined) return recorded;
    await sleep(50);
  }
  await writeFile(file, `${wanted}\n`, { mode: 0o600 });
  return wanted;
}

/** `tmpdir` is open to everybody: the folder must be ours, and no link. */
async function prepareFolder(path: string, uid: number | undefined): Promise<void> {
  const folder = join(path, '..');
  try {
    await mkdir(folder, { mode: 0o700, recursive: true });
  } catch (error) {
    throw unusable(`${folder} cannot be made: ${messageOf(error)}`, error);
  }
  const found = await lstat(folder);
  if (!found.isDirectory()) throw unusable(`${folder} is not a folder`);
  if (uid !== undefined && found.uid !== uid) {
    throw unusable(`${folder} belongs to the user with number ${found.uid}`);
  }
  if ((found.mode & 0o077) !== 0) await chmod(folder, 0o700);
}

function unusable(message: string, cause?: unknown): ForwarderError {
  return new ForwarderError('lock_unusable', `The lock cannot be placed: ${message}`, {
    remedy: 'stop',
    scope: 'account',
    hint: 'Remove that folder, or choose a dls_settings.checkpointing.directory with a shorter path.',
    cause,
  });
}
