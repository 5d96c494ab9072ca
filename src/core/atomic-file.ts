import { randomBytes } from 'node:crypto';
import * as node from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemClock, type Clock } from './clock.ts';
import { systemCode } from './errors.ts';

export interface OpenFile {
  write(bytes: Uint8Array, offset: number): Promise<{ readonly bytesWritten: number }>;
  stat(): Promise<{ readonly size: number }>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The calls that state and log files are made of; tests pass their own to stop or fail at any of them. */
export interface FileSystem {
  open(path: string, flags: string, mode?: number): Promise<OpenFile>;
  readFile(path: string): Promise<Uint8Array>;
  readdir(path: string): Promise<string[]>;
  mkdir(path: string, options: { recursive: true; mode?: number }): Promise<unknown>;
  rename(from: string, to: string): Promise<void>;
  link(existing: string, path: string): Promise<void>;
  copyFile(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
}

export const nodeFileSystem: FileSystem = node;

export interface AtomicOptions {
  /** Keep what was there as `<path>.prev`. */
  readonly keepPrevious?: boolean;
  /** Of a new file; default 0600. */
  readonly mode?: number;
  readonly fs?: FileSystem;
  readonly platform?: NodeJS.Platform;
  readonly clock?: Clock;
}

const leftover = /\.\d+-[0-9a-f]{12}\.tmp$/;

export function previousOf(path: string): string {
  return `${path}.prev`;
}

/**
 * Replaces a file so that at any instant, a power cut included, either the old or the new bytes are
 * there. Resolves when they are on disk. Throws the system's error; then the old file is whole (only
 * when the very last step, the folder's fsync, fails are the new bytes already in place).
 */
export async function writeAtomic(
  path: string,
  bytes: Uint8Array,
  options: AtomicOptions = {},
): Promise<void> {
  const { fs = nodeFileSystem, platform = process.platform, clock = systemClock } = options;
  const temporary = temporaryName(path);
  try {
    await writeSynced(fs, temporary, bytes, options.mode ?? 0o600);
    if (options.keepPrevious === true) await keepPrevious(fs, platform, clock, path);
    await renameWithRetries(temporary, path, { fs, platform, clock });
  } catch (error) {
    await removeIfThere(fs, temporary).catch(() => undefined);
    throw error;
  }
  if (platform !== 'win32') await syncDirectory(fs, dirname(path));
}

/**
 * Deletes the temporary files of a killed process, of these files alone where they are named. Only while nobody
 * writes there: under the lock.
 */
export async function removeLeftovers(
  directory: string,
  fs: FileSystem = nodeFileSystem,
  of?: readonly string[],
): Promise<void> {
  const names = await fs.readdir(directory).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  });
  for (const name of names)
    if (leftover.test(name) && (of?.includes(name.replace(leftover, '')) ?? true))
      await removeIfThere(fs, join(directory, name));
}

/**
 * Windows: a virus scanner or indexer holds a new file for a moment and rename fails with EPERM,
 * EACCES or EBUSY; ten tries, 10 to 500 ms apart (about 2.5 s in all).
 */
export async function renameWithRetries(
  from: string,
  to: string,
  options: {
    readonly fs: FileSystem;
    readonly platform: NodeJS.Platform;
    readonly clock: Clock;
  },
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await options.fs.rename(from, to);
    } catch (error) {
      const held = ['EPERM', 'EACCES', 'EBUSY'].includes(systemCode(error) ?? '');
      if (options.platform !== 'win32' || !held || tries === 10) throw error;
      await options.clock.sleep(Math.min(500, 10 * 2 ** (tries - 1)), new AbortController().signal);
    }
  }
}

function temporaryName(path: string): string {
  const unique = `${process.pid}-${randomBytes(6).toString('hex')}`;
  return join(dirname(path), `${basename(path)}.${unique}.tmp`);
}

async function writeSynced(
  fs: FileSystem,
  path: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  const file = await fs.open(path, 'wx', mode);
  try {
    for (let offset = 0; offset < bytes.length;) {
      offset += (await file.write(bytes, offset)).bytesWritten;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function keepPrevious(
  fs: FileSystem,
  platform: NodeJS.Platform,
  clock: Clock,
  path: string,
): Promise<void> {
  const temporary = temporaryName(previousOf(path));
  try {
    if (!(await duplicate(fs, path, temporary))) return;
    await renameWithRetries(temporary, previousOf(path), { fs, platform, clock });
  } finally {
    // A rename between two links of one file does nothing and leaves both (POSIX rename).
    await removeIfThere(fs, temporary);
  }
}

/** False when there is nothing to duplicate yet. */
async function duplicate(fs: FileSystem, from: string, to: string): Promise<boolean> {
  try {
    await fs.link(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
  }
  try {
    // FAT and some network shares know no links.
    await fs.copyFile(from, to);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
  const copy = await fs.open(to, 'r+');
  try {
    await copy.sync();
  } finally {
    await copy.close();
  }
  return true;
}

/** So that a rename in it outlives a power cut; Windows has no such call. */
export async function syncDirectory(fs: FileSystem, directory: string): Promise<void> {
  const folder = await fs.open(directory, 'r');
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems cannot sync a folder; their rename is all there is.
    if (!['EINVAL', 'ENOTSUP', 'EPERM'].includes(systemCode(error) ?? '')) throw error;
  } finally {
    await folder.close();
  }
}

async function removeIfThere(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.unlink(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
