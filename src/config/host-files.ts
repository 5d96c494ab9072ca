import { open, stat } from 'node:fs/promises';
import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';

/** How the loader reads what the config names; tests pass their own. */
export interface HostFiles {
  /** At most `limit` bytes and one more, so that a longer file can be told. Rejects as node:fs does. */
  read(path: string, limit: number): Promise<Uint8Array>;
  /** The permission bits. */
  mode(path: string): Promise<number>;
}

export const hostFiles: HostFiles = {
  async read(path, limit) {
    const file = await open(path, 'r');
    try {
      const parts: Uint8Array[] = [];
      let size = 0;
      // Not by its size: pipes, and files of /proc, have none.
      while (size <= limit) {
        const part = new Uint8Array(Math.min(65_536, limit + 1 - size));
        const { bytesRead } = await file.read(part, 0, part.length, null);
        if (bytesRead === 0) break;
        parts.push(part.subarray(0, bytesRead));
        size += bytesRead;
      }
      return Buffer.concat(parts);
    } finally {
      await file.close();
    }
  },
  async mode(path) {
    return (await stat(path)).mode & 0o777;
  },
};

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this account may not read it',
  EPERM: 'this account may not read it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  ENAMETOOLONG: 'its path is too long',
};

/** Why a file could not be read, in words. */
export function reasonOf(error: unknown): string {
  return reasons[systemCode(error) ?? ''] ?? messageOf(error);
}

export function unreadableConfig(path: string, error: unknown): ForwarderError {
  const missing = systemCode(error) === 'ENOENT';
  return new ForwarderError(
    'config_unreadable',
    `cannot read the config file ${path}: ${reasonOf(error)}`,
    {
      remedy: 'stop',
      scope: 'account',
      hint: missing
        ? 'Check the path; a relative one begins at the folder in which the program was started.'
        : 'Check the path, and that the account which runs the program may read it.',
      cause: error,
    },
  );
}
