import { posix, win32 } from 'node:path';
import type { LoadOptions, LoadResult } from '../config/load.ts';
import { ForwarderError, systemCode } from '../core/errors.ts';
import { exitCodeOf, exitCodes, type ExitCode } from './exit-codes.ts';
import { type Io, say } from './io.ts';

/** A path given on the command line, else DUOLOGSYNC_CONFIG, else the platform's place for it. */
export function configPath(given: string | undefined, io: Io): string {
  return given ?? io.env['DUOLOGSYNC_CONFIG'] ?? defaultConfigPath(io);
}

function defaultConfigPath({ platform, env, home, uid }: Io): string {
  if (platform === 'win32') {
    return win32.join(env['ProgramData'] ?? 'C:\\ProgramData', 'duologsync', 'config.yml');
  }
  if (platform === 'darwin') return '/Library/Application Support/duologsync/config.yml';
  if (uid === 0) return '/etc/duologsync/config.yml';
  const given = env['XDG_CONFIG_HOME'];
  // The XDG specification: a relative path is to be ignored.
  const folder = given?.startsWith('/') === true ? given : posix.join(home, '.config');
  return posix.join(folder, 'duologsync', 'config.yml');
}

export type Loaded =
  | { readonly exit: ExitCode }
  | {
      readonly exit?: never;
      readonly config: NonNullable<LoadResult['config']>;
      readonly paths: NonNullable<LoadResult['paths']>;
      readonly result: LoadResult;
    };

/** The machine, as the config's checks and default paths need it. */
export function hostOf({ env, platform, home, uid }: Io): LoadOptions {
  return { env, platform, home, ...(uid === undefined ? {} : { uid }) };
}

/** What a command needs of the config; everything unless it says otherwise. */
export interface Needs {
  readonly secrets?: boolean;
  /** False: whoever asks something else than how the config is hears of mistakes alone. */
  readonly warnings?: boolean;
}

/**
 * Loads the config and tells all its problems on stderr; an exit code when it cannot be used. What needs no
 * secret says so, and works outside the service too, where a systemd credential is not to be had.
 */
export async function loadForCommand(path: string, io: Io, needs: Needs = {}): Promise<Loaded> {
  let result: LoadResult;
  // Costs 100 ms with all that it brings: only when a config is really read.
  const { loadConfig } = await import('../config/load.ts');
  try {
    const { secrets } = needs;
    result = await loadConfig(path, {
      ...hostOf(io),
      ...(secrets === undefined ? {} : { secrets }),
    });
  } catch (error) {
    return { exit: tell(unnamed(error, path, io), io) };
  }
  const told =
    needs.warnings === false
      ? result.problems.filter(({ severity }) => severity === 'error')
      : result.problems;
  if (told.length > 0) {
    const { formatProblems } = await import('../config/issues.ts');
    say(io.stderr, formatProblems(told, result.text).trimEnd());
  }
  const { config, paths } = result;
  if (config === undefined || paths === undefined) return { exit: exitCodes.config };
  return { config, paths, result };
}

/** Nobody named the usual path, so that it is no help to check it. */
export function unnamed(error: unknown, path: string, io: Io): unknown {
  if (!(error instanceof ForwarderError) || error.code !== 'config_unreadable') return error;
  const isMissing = systemCode(error.cause) === 'ENOENT';
  if (!isMissing || path !== defaultConfigPath(io)) return error;
  return new ForwarderError(error.code, error.message, {
    hint: 'It is the usual place for this user. Name the config behind the command, such as duologsync status /path/config.yml, or set DUOLOGSYNC_CONFIG.',
    cause: error,
  });
}

/** An expected error in two lines, its exit code; anything else is thrown on. */
export function tell(error: unknown, io: Io): ExitCode {
  if (!(error instanceof ForwarderError)) throw error;
  say(io.stderr, `duologsync: ${error.message}`);
  if (error.hint !== undefined) say(io.stderr, `  ${error.hint}`);
  return exitCodeOf(error.code);
}
