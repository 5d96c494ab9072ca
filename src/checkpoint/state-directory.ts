import { createHash, randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, lstat, mkdir, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ForwarderError, messageOf } from '../core/errors.ts';

// With hash, extension, `.prev` and a temporary suffix a name stays under the 255 bytes of common file systems.
const longestText = 160;
const reservedOnWindows = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/;

/**
 * A file name for any texts: `[a-z0-9._-]` stay, the rest is percent-encoded, parts are joined by `+`,
 * and 8 hex digits of a SHA-256 follow. Different texts give different names, also where capitals do
 * not count; never a name that Windows reserves.
 */
export function encodeName(...parts: readonly string[]): string {
  const text = parts
    .map((part) => percentEncode(part))
    .join('+')
    .slice(0, longestText);
  const safe = reservedOnWindows.test(text)
    ? percentEncode(text.charAt(0), /./) + text.slice(1)
    : text;
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8);
  return `${safe}-${hash}`;
}

/** The encoded parts of a name that encodeName made; the last one may be cut. */
export function partsOfName(name: string): readonly string[] {
  return name.slice(0, -'-12345678'.length).split('+');
}

export function percentEncode(text: string, what = /[^a-z0-9._-]/): string {
  let encoded = '';
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    encoded += what.test(character) ? `%${byte.toString(16).padStart(2, '0')}` : character;
  }
  return encoded;
}

/** Where all state of one Duo account lies: a folder inside `checkpointing.directory`. */
export function stateDirectory(checkpointingDirectory: string, apiHostname: string): string {
  return join(checkpointingDirectory, `duologsync-${encodeName(apiHostname.toLowerCase())}`);
}

export interface StateDirectoryOptions {
  readonly platform?: NodeJS.Platform;
  /** Who we are; undefined where the system has no such number (Windows). */
  readonly uid?: number | undefined;
}

/**
 * Makes the folder (0700, with its parents) and checks that it is ours and can be written. Throws
 * `state_directory_unusable` (stop) with a hint. On Windows the folder's inherited rights decide.
 */
export async function prepareStateDirectory(
  path: string,
  options: StateDirectoryOptions = {},
): Promise<void> {
  const { platform = process.platform } = options;
  const uid = 'uid' in options ? options.uid : process.getuid?.();
  const found = await makeAndLook(path);
  if (found.isSymbolicLink()) {
    throw unusable(
      `${path} is a symbolic link`,
      'Remove the link, or set dls_settings.checkpointing.directory to the folder that it points to.',
    );
  }
  if (!found.isDirectory()) {
    throw unusable(
      `${path} is not a folder`,
      'Move that file away, or set dls_settings.checkpointing.directory to another folder.',
    );
  }
  if (platform !== 'win32' && uid !== undefined) {
    if (found.uid !== uid) {
      const own = `Run it as that user: ${commandOf(found.uid, path)}`;
      throw unusable(
        `${path} belongs to the user with number ${found.uid}, duologsync runs as number ${uid}`,
        // What root takes over, the service cannot read any more.
        uid === 0 ? own : `${own}; or give this one the folder: chown -R ${uid} '${path}'`,
      );
    }
    if ((found.mode & 0o077) !== 0) await chmod(path, 0o700);
  }
  await tryToWrite(path);
}

/** How a command is started as the user that this state belongs to; that user's own folder is another one. */
export function commandOf(uid: number, state: string): string {
  return `sudo -u '#${uid}' env STATE_DIRECTORY='${dirname(state)}' duologsync …`;
}

async function makeAndLook(path: string): Promise<Stats> {
  try {
    return await lstat(path);
  } catch {
    // Not there yet: made below, and that says what is wrong.
  }
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    return await lstat(path);
  } catch (error) {
    throw unusable(
      `${path} cannot be made: ${messageOf(error)}`,
      'Give the user that runs duologsync the right to write in dls_settings.checkpointing.directory, or set another folder there.',
      error,
    );
  }
}

async function tryToWrite(path: string): Promise<void> {
  const probe = join(path, `probe.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  try {
    await writeFile(probe, 'can be written\n', { flag: 'wx', mode: 0o600 });
    await unlink(probe);
  } catch (error) {
    throw unusable(
      `${path} cannot be written: ${messageOf(error)}`,
      'Give the user that runs duologsync the right to write there, free space on that disk, or set another dls_settings.checkpointing.directory.',
      error,
    );
  }
}

function unusable(message: string, hint: string, cause?: unknown): ForwarderError {
  return new ForwarderError('state_directory_unusable', message, {
    remedy: 'stop',
    scope: 'account',
    hint,
    cause,
  });
}
