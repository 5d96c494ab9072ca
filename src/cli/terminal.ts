import type { Io } from './io.ts';

/** How a text is to look where it is printed. */
export interface Terminal {
  /** Undefined: nobody looks at it in a window, lines are as long as they are. */
  readonly columns: number | undefined;
  readonly rows: number | undefined;
  readonly colour: boolean;
  readonly ascii: boolean;
}

/** Of standard output. NO_COLOR and FORCE_COLOR as their sites ask (not empty). */
export function terminalOf({ stdout, env, platform }: Io): Terminal {
  const live = stdout.isTTY === true;
  const { columns, rows } = stdout as { readonly columns?: number; readonly rows?: number };
  const isSet = (name: string): boolean => (env[name] ?? '') !== '';
  const colour = isSet('FORCE_COLOR') || (live && env['TERM'] !== 'dumb');
  return {
    columns: live ? (columns ?? 80) : undefined,
    rows: live ? rows : undefined,
    colour: colour && !isSet('NO_COLOR'),
    ascii: platform !== 'win32' && !/utf-?8/i.test(localeOf(env)),
  };
}

/** POSIX: the first of these that is set and not empty. */
function localeOf(env: Io['env']): string {
  for (const name of ['LC_ALL', 'LC_CTYPE', 'LANG']) {
    const value = env[name] ?? '';
    if (value !== '') return value;
  }
  return '';
}
