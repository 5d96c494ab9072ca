import { resolve } from 'node:path';
import { mainAccount } from '../../config/main-account.ts';
import type { FeedIdentity } from '../../checkpoint/checkpoint.ts';
import { openFileStore } from '../../checkpoint/file-store.ts';
import { stateDirectory } from '../../checkpoint/state-directory.ts';
import { openDuo, readTrusted } from '../../client.ts';
import type { Config, ServerConfig } from '../../config/schema.ts';
import { ForwarderError } from '../../core/errors.ts';
import { silentLogger } from '../../core/log.ts';
import { createProgramLog } from '../../core/program-log.ts';
import type { EndpointName } from '../../endpoints/index.ts';
import { keepRecord, lockProgram } from '../change-checkpoint.ts';
import { configPath, type Loaded, loadForCommand, tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { extraCa } from '../extra-ca.ts';
import { newConfig } from '../import/new-config.ts';
import { type Archived, readArchived } from '../import/watcher-archive.ts';
import { type Begin, beginByContent, beginByNumber } from '../import/watcher-begin.ts';
import {
  mustBeFolder,
  readWatcherState,
  unreadable,
  type Watcher,
  watchers,
} from '../import/watcher-state.ts';
import { type Io, say } from '../io.ts';
import { feedFile, idOf, type StoredFeed, storedFeeds } from '../stored-feeds.ts';
import { printable } from '../table.ts';

export interface ImportOptions {
  /** Our config file. */
  readonly c?: string;
  /** Duo Watcher's two files, from which ours is made. */
  readonly config?: string;
  readonly credentials?: string;
  /** Ids of servers, separated by commas; every FILE server when left out. */
  readonly to?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

interface Wanted {
  readonly identity: FeedIdentity;
  readonly begin: Begin;
}

/**
 * Lets feeds go on where Duo Watcher stopped, while the program does not run. All is read and asked before the
 * first checkpoint is written; Duo Watcher's files are only read.
 */
export async function importDuoWatcher(
  directory: string,
  options: ImportOptions,
  io: Io,
): Promise<ExitCode> {
  const { config: argus, credentials } = options;
  if ((argus === undefined) !== (credentials === undefined)) {
    say(
      io.stderr,
      'duologsync: --config and --credentials belong together: a config is made from both',
    );
    return exitCodes.usage;
  }
  const path = configPath(options.c, io);
  try {
    if (argus === undefined || credentials === undefined)
      return await takeOver(directory, await loadForCommand(path, io), options, undefined, io);
    const made = await newConfig({ argus, credentials }, directory, path, io);
    return await takeOver(directory, made.loaded, options, () => made.write(), io);
  } catch (error) {
    return tell(error, io);
  }
}

/** `writeConfig`: the config is new, and written when all else is known. */
async function takeOver(
  directory: string,
  loaded: Loaded,
  options: ImportOptions,
  writeConfig: (() => Promise<void>) | undefined,
  io: Io,
): Promise<ExitCode> {
  if (loaded.exit !== undefined) return loaded.exit;
  const { config, paths } = loaded;
  const servers = serversFor(options.to, config);
  if (typeof servers === 'string') {
    say(io.stderr, `duologsync: ${servers}`);
    return exitCodes.usage;
  }
  const state = stateDirectory(paths.directory, config.account.hostname);
  const archived = await readAll(directory, io);
  const begins = await beginsOf(archived, config, io);
  const wanted = feedsOf(servers, config, begins);
  if (options.dryRun === true) {
    report(wanted, begins, io);
    say(io.stdout, 'Nothing is written: this was a dry run.');
    return exitCodes.ok;
  }
  const lock = await lockProgram(state, io);
  try {
    const stored = await storedFor(wanted, state, options.force === true);
    await writeConfig?.();
    await write(wanted, stored, { state, config, logFile: paths.logFile }, io);
  } finally {
    await lock.release();
  }
  report(wanted, begins, io);
  hints(servers, directory, io);
  return exitCodes.ok;
}

/** A text says what is wrong. */
function serversFor(to: string | undefined, config: Config): readonly ServerConfig[] | string {
  if (config.account.is_msp)
    return 'Duo Watcher archives one account, and this config is that of an MSP: its logs are those of child accounts';
  if (to === undefined) {
    const files = config.servers.filter(({ protocol }) => protocol === 'FILE');
    if (files.length > 0) return files;
    return "the config has no server with protocol: 'FILE'. Add one, or name with --to the servers that are to go on there";
  }
  const names = to.split(',').map((name) => name.trim());
  const missing = names.find((name) => config.servers.every(({ id }) => id !== name));
  if (missing !== undefined)
    return `--to ${missing}: the config has no such server. It has ${config.servers.map(({ id }) => id).join(', ')}.`;
  return config.servers.filter(({ id }) => names.includes(id));
}

async function readAll(directory: string, io: Io): Promise<ReadonlyMap<Watcher, Archived>> {
  await mustBeFolder(directory);
  const archived = new Map<Watcher, Archived>();
  for (const watcher of Object.keys(watchers) as Watcher[]) {
    const state = await readWatcherState(directory, watcher, io.clock.nowMs());
    if (state === undefined)
      say(io.stdout, `${watcher}: no event is archived, nothing is to be taken over.`);
    else archived.set(watcher, await readArchived(directory, watcher, state));
  }
  if (archived.size > 0) return archived;
  throw unreadable(directory, 'it holds neither auth/state nor admin/state nor phone/state');
}

async function beginsOf(
  archived: ReadonlyMap<Watcher, Archived>,
  config: Config,
  io: Io,
): Promise<ReadonlyMap<EndpointName, Begin>> {
  const trusted = await readTrusted(config, await extraCa(io));
  const api = openDuo({ config, clock: io.clock, log: silentLogger, trusted });
  // The client ends its calls by itself.
  const { signal } = new AbortController();
  const account = mainAccount(config);
  const mapped = new Set(config.account.endpoint_server_mappings.flatMap((one) => one.endpoints));
  const begins = new Map<EndpointName, Begin>();
  try {
    for (const [watcher, found] of archived) {
      const endpoint = watchers[watcher];
      if (!mapped.has(endpoint)) continue;
      const begin =
        endpoint === 'adminaction'
          ? beginByContent(found)
          : await beginByNumber(found, endpoint, account, api, signal);
      begins.set(endpoint, begin);
    }
    return begins;
  } finally {
    await api.close();
  }
}

function feedsOf(
  servers: readonly ServerConfig[],
  config: Config,
  begins: ReadonlyMap<EndpointName, Begin>,
): readonly Wanted[] {
  return servers.flatMap(({ id, protocol, hostname, port }) => {
    const mappings = config.account.endpoint_server_mappings.filter(({ server }) => server === id);
    const names = new Set(mappings.flatMap(({ endpoints }) => endpoints));
    return [...begins].flatMap(([endpoint, begin]) => {
      const server = { id, protocol, hostname, port };
      const identity = { accountId: undefined, endpoint, server };
      return names.has(endpoint) ? [{ identity, begin }] : [];
    });
  });
}

interface Where {
  readonly state: string;
  readonly config: Config;
  readonly logFile: string;
}

/** What is stored already, by file. Throws `import_exists` without `force`. */
async function storedFor(
  wanted: readonly Wanted[],
  state: string,
  force: boolean,
): Promise<ReadonlyMap<string, StoredFeed>> {
  const stored = new Map((await storedFeeds(state)).map((feed) => [feed.file, feed]));
  const there = wanted.filter(({ identity }) => stored.has(feedFile(state, identity)));
  if (there.length > 0 && !force) throw exists(there.map(({ identity }) => idOf(identity)));
  return stored;
}

async function write(
  wanted: readonly Wanted[],
  stored: ReadonlyMap<string, StoredFeed>,
  { state, config, logFile }: Where,
  io: Io,
): Promise<void> {
  const store = openFileStore({
    directory: state,
    configuredServerIds: config.servers.map((server) => server.id),
    clock: io.clock,
    log: silentLogger,
  });
  const { log, close } = createProgramLog({ file: logFile, level: 'info', clock: io.clock });
  try {
    for (const { identity, begin } of wanted) {
      const file = feedFile(state, identity);
      const before = stored.get(file);
      if (before?.wrong === undefined && before !== undefined)
        say(io.stdout, `The record of before is kept in ${await keepRecord(file, state, io)}.`);
      // What the archive has of this feed stays its own.
      const mark = before?.record?.checkpoint.mark;
      await store.save(identity, { cursor: begin.cursor, ...(mark === undefined ? {} : { mark }) });
      const { endpoint, server } = identity;
      const feed = idOf(identity);
      log.info('The feed goes on where Duo Watcher stopped', {
        ...{ feed, endpoint, server: server.id },
        begin: begin.sentence,
      });
    }
  } finally {
    await close();
  }
}

function exists(feeds: readonly string[]): ForwarderError {
  return new ForwarderError(
    'import_exists',
    `${feeds.map(printable).join(', ')}: there is a checkpoint already, nothing was written`,
    {
      remedy: 'stop',
      hint: 'These feeds have begun without Duo Watcher: duologsync checkpoint list shows where they are. --force takes its place instead and keeps the old record; what they have archived since is then archived again.',
    },
  );
}

function report(wanted: readonly Wanted[], begins: ReadonlyMap<EndpointName, Begin>, io: Io): void {
  for (const { identity, begin } of wanted)
    say(io.stdout, `${printable(idOf(identity))} ${begin.sentence}.`);
  const served = new Set(wanted.map(({ identity }) => identity.endpoint));
  const unmapped = Object.values(watchers).filter((name) => !served.has(name) && begins.has(name));
  for (const name of unmapped)
    say(io.stdout, `${name} is mapped to none of these servers, and is not taken over.`);
}

function hints(servers: readonly ServerConfig[], directory: string, io: Io): void {
  for (const { id, protocol, directory: own, preset } of servers) {
    if (protocol !== 'FILE' || own === undefined) continue;
    if (resolve(own) !== resolve(directory))
      say(io.stdout, `From now on events go to ${own}: ${id} has another directory.`);
    else if (preset === undefined)
      say(
        io.stdout,
        `${id} has no preset: 'duo_watcher', so its files get other names from now on.`,
      );
  }
}
