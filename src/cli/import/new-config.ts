import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { hostFiles, type HostFiles } from '../../config/host-files.ts';
import { formatProblems } from '../../config/issues.ts';
import { loadConfig } from '../../config/load.ts';
import { ForwarderError, messageOf } from '../../core/errors.ts';
import { hostOf, type Loaded } from '../config-file.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { makeConfig, unusable, type WatcherFile } from './watcher-config.ts';

export interface NewConfig {
  readonly loaded: Loaded;
  /** Resolves when config and secret are there, for this user alone. Throws `import_exists`, `import_unwritable`. */
  write(): Promise<void>;
}

/**
 * Makes a config from Duo Watcher's two files and reads it as the program will, before anything is written. Throws
 * `watcher_unreadable`, and `import_exists`: a file that is there is never overwritten.
 */
export async function newConfig(
  files: { readonly argus: string; readonly credentials: string },
  archive: string,
  configFile: string,
  io: Io,
): Promise<NewConfig> {
  const path = resolve(configFile);
  const skeyFile = join(dirname(path), 'skey');
  for (const one of [path, skeyFile]) if (await isThere(one)) throw exists(one);
  const { text, secret, notes } = makeConfig(
    await contentOf(files.argus),
    await contentOf(files.credentials),
    resolve(archive),
    skeyFile,
  );
  const result = await loadConfig(path, {
    ...hostOf(io),
    files: withFiles(
      new Map([
        [path, text],
        [skeyFile, secret],
      ]),
    ),
  });
  if (result.problems.length > 0)
    say(io.stderr, formatProblems(result.problems, result.text).trimEnd());
  for (const note of notes) say(io.stdout, `Not taken over: ${note}.`);
  const { config, paths } = result;
  const usable = config !== undefined && paths !== undefined;
  return {
    loaded: usable ? { config, paths, result } : { exit: exitCodes.config },
    write: async () => {
      await create(skeyFile, `${secret}\n`);
      try {
        await create(path, text);
      } catch (error) {
        await rm(skeyFile, { force: true });
        throw error;
      }
      say(io.stdout, `The config is in ${path}, the secret key in ${skeyFile}.`);
    },
  };
}

async function contentOf(file: string): Promise<WatcherFile> {
  try {
    return { file, text: await readFile(file, 'utf8') };
  } catch (error) {
    throw unusable(file, messageOf(error), error);
  }
}

/** As if these were on the disk. */
function withFiles(made: ReadonlyMap<string, string>): HostFiles {
  return {
    read: async (path, limit) => {
      const text = made.get(path);
      return text === undefined ? hostFiles.read(path, limit) : Buffer.from(text);
    },
    mode: async (path) => (made.has(path) ? 0o600 : hostFiles.mode(path)),
  };
}

async function create(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    if (await isThere(path)) throw exists(path);
    throw new ForwarderError(
      'import_unwritable',
      `${path} cannot be written: ${messageOf(error)}`,
      {
        remedy: 'stop',
        hint: 'Name a place with -c where this user may write. Nothing else was written.',
        cause: error,
      },
    );
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function exists(path: string): ForwarderError {
  return new ForwarderError('import_exists', `${path} is there already, nothing was written`, {
    remedy: 'stop',
    hint: 'To use that config, leave out --config and --credentials. For a new one name another place with -c.',
  });
}
