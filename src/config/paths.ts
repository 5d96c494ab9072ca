import { posix, win32 } from 'node:path';
import type { Config } from './schema.ts';

/** Of the machine and the account that the program runs under. */
export interface Host {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Undefined on Windows. */
  readonly uid: number | undefined;
}

export interface ConfigPaths {
  /** Where all state lies: the config's `directory`, or the platform's folder. */
  readonly directory: string;
  readonly logFile: string;
  /** Where Duo Log Sync's own checkpoint files are looked for, in this order. */
  readonly dlsDirectories: readonly string[];
}

/** DLS's default for everything that it writes; on Windows it is that folder of the current drive. */
const dlsDefault = '/tmp';

export function pathsOf(config: Pick<Config, 'dls_settings'>, host: Host): ConfigPaths {
  const { log_filepath, checkpointing } = config.dls_settings;
  return {
    directory: checkpointing.directory ?? stateFolder(host),
    logFile: log_filepath ?? join(host, logFolder(host), 'duologsync.log'),
    dlsDirectories: dlsDirectories(config, host),
  };
}

/** The explicit folder; when the file names none, the platform's and the one that DLS would have used. */
export function dlsDirectories(config: Pick<Config, 'dls_settings'>, host: Host): string[] {
  const { directory } = config.dls_settings.checkpointing;
  return directory === undefined ? [stateFolder(host), dlsDefault] : [directory];
}

/**
 * The platform's folder for state: what systemd or our launchd plist says (`STATE_DIRECTORY`), else by custom
 * (FHS for root, XDG for a user, Library on macOS, ProgramData on Windows).
 */
export function stateFolder(host: Host): string {
  const { platform, env } = host;
  if (platform === 'win32') return join(host, programData(host), 'duologsync', 'state');
  const given = firstOf(env['STATE_DIRECTORY']);
  if (given !== undefined) return given;
  if (platform === 'darwin')
    return host.uid === 0
      ? '/Library/Application Support/duologsync/state'
      : join(host, host.home, 'Library', 'Application Support', 'duologsync', 'state');
  return host.uid === 0 ? '/var/lib/duologsync' : userState(host);
}

export function logFolder(host: Host): string {
  const { platform, env } = host;
  if (platform === 'win32') return join(host, programData(host), 'duologsync', 'logs');
  const given = firstOf(env['LOGS_DIRECTORY']);
  if (given !== undefined) return given;
  if (platform === 'darwin')
    return host.uid === 0
      ? '/Library/Logs/duologsync'
      : join(host, host.home, 'Library', 'Logs', 'duologsync');
  return host.uid === 0 ? '/var/log/duologsync' : join(host, userState(host), 'logs');
}

/** Whether a path lies where a restart of the machine, or a clean-up, removes files. */
export function isTemporary(path: string, host: Host): boolean {
  const full =
    host.platform === 'win32' ? path.replaceAll('\\', '/').replace(/^[a-z]:/i, '') : path;
  return /^\/+(?:private\/+)?tmp(?:\/|$)/.test(full);
}

function userState(host: Host): string {
  const given = host.env['XDG_STATE_HOME'];
  // The XDG specification: a relative path is to be ignored.
  if (given?.startsWith('/') === true) return join(host, given, 'duologsync');
  return join(host, host.home, '.local', 'state', 'duologsync');
}

function programData(host: Host): string {
  return host.env['ProgramData'] ?? host.env['PROGRAMDATA'] ?? 'C:\\ProgramData';
}

/** systemd separates several folders by colons; the first one is ours. */
function firstOf(list: string | undefined): string | undefined {
  const first = list?.split(':')[0];
  return first === undefined || first === '' ? undefined : first;
}

function join(host: Host, ...parts: string[]): string {
  return (host.platform === 'win32' ? win32 : posix).join(...parts);
}
