import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';
import { formatProblems } from '../config/issues.ts';
import { loadConfig, type LoadResult } from '../config/load.ts';
import { ForwarderError } from '../core/errors.ts';
import { exitCodeOf, exitCodes, type ExitCode } from './exit-codes.ts';
import { type Io, say } from './io.ts';

/** A path given on the command line, else DUOLOGSYNC_CONFIG, else the platform's place for it. */
export function configPath(given: string | undefined, io: Io): string {
  return given ?? io.env['DUOLOGSYNC_CONFIG'] ?? defaultConfigPath(io);
}

function defaultConfigPath({ platform, env }: Io): string {
  if (platform === 'win32') {
    return win32.join(env['ProgramData'] ?? 'C:\\ProgramData', 'duologsync', 'config.yml');
  }
  if (platform === 'darwin') return '/Library/Application Support/duologsync/config.yml';
  const root = process.getuid?.() === 0;
  const home = env['XDG_CONFIG_HOME'] ?? posix.join(homedir(), '.config');
  return root ? '/etc/duologsync/config.yml' : posix.join(home, 'duologsync', 'config.yml');
}

export type Loaded =
  | { readonly exit: ExitCode }
  | {
      readonly exit?: never;
      readonly config: NonNullable<LoadResult['config']>;
      readonly paths: NonNullable<LoadResult['paths']>;
      readonly result: LoadResult;
    };

/** Loads the config and tells all its problems on stderr; an exit code when it cannot be used. */
export async function loadForCommand(path: string, io: Io): Promise<Loaded> {
  let result: LoadResult;
  try {
    result = await loadConfig(path, { env: io.env, platform: io.platform });
  } catch (error) {
    return { exit: tell(error, io) };
  }
  if (result.problems.length > 0) {
    say(io.stderr, formatProblems(result.problems, result.text).trimEnd());
  }
  const { config, paths } = result;
  if (config === undefined || paths === undefined) return { exit: exitCodes.config };
  return { config, paths, result };
}

/** An expected error in two lines, its exit code; anything else is thrown on. */
export function tell(error: unknown, io: Io): ExitCode {
  if (!(error instanceof ForwarderError)) throw error;
  say(io.stderr, `duologsync: ${error.message}`);
  if (error.hint !== undefined) say(io.stderr, `  ${error.hint}`);
  return exitCodeOf(error.code);
}
