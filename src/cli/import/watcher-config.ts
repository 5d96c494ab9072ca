import { isIP } from 'node:net';
import type { ForwarderError } from '../../core/errors.ts';
import { isObject } from '../../core/row.ts';
import type { JsonObject, JsonValue } from '../../core/types.ts';
import { unreadable } from './watcher-state.ts';

/** One of Duo Watcher's JSON files. */
export interface WatcherFile {
  readonly file: string;
  readonly text: string;
}

export interface MadeConfig {
  /** The config file, without the secret. */
  readonly text: string;
  readonly secret: string;
  /** What was not taken over, and why. */
  readonly notes: readonly string[];
}

// argus_daemon.py's own; the argus_cf of Duo Watcher says 2681.
const defaultPort = 2680;

/**
 * A config that goes on with Duo Watcher's archive, from its two files: `argus_cf` has addr, port, rundir, logfile and
 * pidfile, `duo.json` has ikey, skey and apihost (UWIT-IAM/duo_watcher, duo_watcher.py). Whatever else is in them is
 * noted. `archive` and `skeyFile` are absolute paths. Throws `watcher_unreadable`.
 */
export function makeConfig(
  argus: WatcherFile,
  credentials: WatcherFile,
  archive: string,
  skeyFile: string,
): MadeConfig {
  const settings = objectIn(argus);
  const keys = objectIn(credentials);
  const ikey = textAt(keys, credentials.file, 'ikey');
  const secret = textAt(keys, credentials.file, 'skey');
  const host = textAt(keys, credentials.file, 'apihost', 'host', 'hostname');
  const { addr, port = defaultPort, rundir } = settings;
  const notes = [
    ...unknownIn(argus.file, settings, ['addr', 'port', 'rundir', 'logfile', 'pidfile']),
    ...unknownIn(credentials.file, keys, ['ikey', 'skey', 'apihost', 'host', 'hostname']),
  ];
  if (settings['logfile'] !== undefined || settings['pidfile'] !== undefined)
    notes.push(
      "logfile and pidfile: duologsync has a log of its own, and the service manager's pid",
    );
  if (typeof rundir === 'string' && rundir !== archive)
    notes.push(`rundir is ${rundir}; the archive that is taken over is ${archive}`);
  const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536;
  if (!isPort) notes.push(`port: ${JSON.stringify(port)} is no port, so there is no query port`);
  const isAddress = typeof addr === 'string' && isIP(addr) !== 0;
  if (addr !== undefined && addr !== '' && !isAddress)
    notes.push(`addr: ${JSON.stringify(addr)} is no address, so the query port is open on all`);
  const query = [
    ...(isPort ? [`  query_port: ${port}`] : []),
    ...(isPort && isAddress ? [`  query_address: ${quoted(addr)}`] : []),
  ];
  const lines = [
    "# Made from Duo Watcher's config by duologsync import. All settings: docs/configuration.md.",
    "version: '1.0.0'",
    ...(query.length === 0 ? [] : ['dls_settings:', ...query]),
    'servers:',
    "  - id: 'archive'",
    "    protocol: 'FILE'",
    `    directory: ${quoted(archive)}`,
    "    preset: 'duo_watcher'",
    "    # Duo Watcher's cleaner kept so many days. Remove the # once the cleaner is gone from cron.",
    '    #retention_days: 370',
    'account:',
    `  ikey: ${quoted(ikey)}`,
    `  skey_file: ${quoted(skeyFile)}`,
    `  hostname: ${quoted(host)}`,
    '  endpoint_server_mappings:',
    "    - endpoints: ['auth', 'adminaction', 'telephony']",
    "      server: 'archive'",
  ];
  return { text: `${lines.join('\n')}\n`, secret, notes };
}

/** For whoever named the two files. */
export function unusable(file: string, why: string, cause?: unknown): ForwarderError {
  const hint =
    '--config is the file argus_cf, which Duo Watcher is started beside; --credentials is credentials/duo.json there, with ikey, skey and apihost.';
  return unreadable(file, why, cause, hint);
}

function objectIn({ file, text }: WatcherFile): JsonObject {
  try {
    const value = JSON.parse(text) as JsonValue;
    if (isObject(value)) return value;
  } catch {
    // What the parser says may hold a piece of the secret.
    throw unusable(file, 'it is not JSON');
  }
  throw unusable(file, 'it is no JSON object');
}

function textAt(object: JsonObject, file: string, ...names: readonly [string, ...string[]]) {
  for (const name of names) {
    const value = object[name];
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  throw unusable(file, `it has no ${names[0]}`);
}

/** By name alone: a value may be a secret. */
function unknownIn(file: string, object: JsonObject, known: readonly string[]): string[] {
  return Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key) => `${key} of ${file} is not understood`);
}

/** YAML 1.2 §7.3.2: in single quotes only the quote itself is special. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
