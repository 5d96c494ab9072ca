import { posix, resolve, win32 } from 'node:path';
import { credentialNames } from '../../config/credentials.ts';
import { loadConfig, type LoadResult } from '../../config/load.ts';
import { archiveOptions } from '../../destinations.ts';
import { configPath, hostOf } from '../config-file.ts';
import type { Io } from '../io.ts';
import { isPersonal, lastingNode, ownScript } from './locate.ts';
import { launchdUser } from './launchd.ts';
import type { Machine } from './plan.ts';
import type { System } from './system.ts';
import { systemdUser } from './systemd.ts';
import type { ArchiveFolder, ServiceKind, ServiceTarget } from './target.ts';

export interface Found {
  readonly target: ServiceTarget;
  /** What a service cannot reach on this machine, each a sentence with the fix. */
  readonly obstacles: readonly string[];
  /** What the admin should know, without it being in the way. */
  readonly notes: readonly string[];
  /** The config; an error when it cannot be read. */
  readonly loaded: LoadResult | { readonly error: unknown };
}

/** Looks at this machine and the config: what a service needs to know, without any secret being read. */
export async function findTarget(
  given: string | undefined,
  kind: ServiceKind,
  io: Io,
  system: System,
): Promise<Found> {
  const paths = io.platform === 'win32' ? win32 : posix;
  // Of the machine, whoever asks.
  const named = configPath(given, { ...io, uid: io.uid === undefined ? undefined : 0 });
  const config = paths.isAbsolute(named) ? named : resolve(named);
  const node = await lastingNode({
    platform: io.platform,
    execPath: system.execPath,
    path: io.env['PATH'] ?? io.env['Path'],
    realpath: (file) => system.realpath(file),
  });
  const loaded = await loadConfig(config, { ...hostOf(io), secrets: false }).catch(
    (error: unknown) => ({ error }),
  );
  const extraCa = io.env['NODE_EXTRA_CA_CERTS'];
  const folder = paths.dirname(config);
  const text = 'text' in loaded ? loaded.text : '';
  const target: ServiceTarget = {
    node,
    script: ownScript(),
    config,
    writable: writableFolders(loaded, folder),
    archives: await archiveFolders(loaded, io, system),
    credentials: credentialNames(text).map((name) => ({ name, file: paths.join(folder, name) })),
    extraCa: extraCa === '' ? undefined : extraCa,
  };
  const notes = notesOf(target, kind, text);
  if (kind === 'systemd' && (await hasDlsCheckpoints(system)))
    notes.push(
      "Duo Log Sync's checkpoints in /tmp are not seen by a service. Before you go on: sudo mkdir -p /var/lib/duologsync && sudo cp -p /tmp/*_checkpoint_data.txt /var/lib/duologsync/",
    );
  return { target, loaded, obstacles: obstaclesOf(target, io), notes };
}

/** The unit gives the service a /tmp of its own. */
async function hasDlsCheckpoints(system: System): Promise<boolean> {
  const names = ['auth', 'telephony', 'activity', 'adminaction', 'trustmonitor'];
  const found = names.map((name) => system.realpath(`/tmp/${name}_checkpoint_data.txt`));
  return (await Promise.all(found)).some((file) => file !== undefined);
}

/** What the unit gives the service anyway. */
const usual = /^\/var\/(?:lib|log)\/duologsync(?:\/|$)/;

/** Folders that the config names; a relative one begins at its own folder, where the service is started. */
function writableFolders(loaded: Found['loaded'], folder: string): string[] {
  if (!('config' in loaded) || loaded.config === undefined) return [];
  const { checkpointing, log_filepath } = loaded.config.dls_settings;
  const log =
    log_filepath === undefined ? undefined : posix.dirname(posix.resolve(folder, log_filepath));
  const state =
    checkpointing.directory === undefined
      ? undefined
      : posix.resolve(folder, checkpointing.directory);
  return [...new Set([state, log])].filter(
    (path) => path !== undefined && !usual.test(path),
  ) as string[];
}

/** The config's FILE servers; it takes absolute directories alone. */
async function archiveFolders(
  loaded: Found['loaded'],
  { platform }: Io,
  system: System,
): Promise<ArchiveFolder[]> {
  if (!('config' in loaded) || loaded.config === undefined) return [];
  const paths = platform === 'win32' ? win32 : posix;
  const named = loaded.config.servers
    .flatMap((server) => archiveOptions(server)?.directory ?? [])
    .map((directory) => paths.resolve(directory))
    .filter((path) => !usual.test(path));
  return Promise.all(
    named.map(async (path) => ({ path, exists: (await system.realpath(path)) !== undefined })),
  );
}

function obstaclesOf(target: ServiceTarget, { platform }: Io): string[] {
  const { node, script, config, writable, archives } = target;
  // The unit hides these places (ProtectHome), whatever rights they have.
  const folders = platform === 'linux' ? [...writable, ...archives.map(({ path }) => path)] : [];
  const advice: readonly (readonly [string, string])[] = [
    [node, 'Install Node for the whole machine, and run this again with that node.'],
    [
      script,
      `Install duologsync for all: npm install -g --prefix ${sharedPrefix(platform)} PACKAGE.`,
    ],
    [config, `Move the config to ${sharedConfig(platform)}.`],
    ...folders.map((folder) => [folder, 'Name another folder in the config.'] as const),
  ];
  return advice
    .filter(([file]) => isPersonal(file, platform))
    .map(([file, fix]) => `${file} is in a person's folder, where a service may not look. ${fix}`);
}

function sharedPrefix(platform: NodeJS.Platform): string {
  return platform === 'win32' ? '"C:\\Program Files\\duologsync"' : '/opt/duologsync';
}

function sharedConfig(platform: NodeJS.Platform): string {
  if (platform === 'win32') return 'C:\\ProgramData\\duologsync\\config.yml';
  const folder = platform === 'darwin' ? '/Library/Application Support' : '/etc';
  return `${folder}/duologsync/config.yml`;
}

function notesOf(target: ServiceTarget, kind: ServiceKind, text: string): string[] {
  const notes: string[] = [];
  const user = kind === 'systemd' ? systemdUser : launchdUser;
  const windows = kind === 'task' || kind === 'shawl';
  const there = target.archives.filter(({ exists }) => exists).map(({ path }) => path);
  if (!windows)
    for (const folder of [...target.writable, ...there])
      notes.push(
        `The config writes in ${folder}: it must belong to ${user} (chown -R ${user} DIRECTORY).`,
      );
  for (const { path } of target.archives.filter(({ exists }) => !exists))
    notes.push(`The archive's folder ${path} is not there: service install makes it.`);
  for (const { file } of kind === 'systemd' ? target.credentials : [])
    notes.push(
      `systemd reads the credential from ${file}; root alone needs to read it (chmod 600).`,
    );
  if (kind !== 'systemd' && target.credentials.length > 0)
    notes.push('Credentials are a thing of systemd: use skey_file or skey_command here.');
  if (/^\s*\w+_env\s*:/m.test(text))
    notes.push('The config takes a secret from a variable: set it for the service, too.');
  if (kind === 'task' && target.extraCa !== undefined)
    notes.push('NODE_EXTRA_CA_CERTS is not set for a task: use dls_settings.api.ca_filepath.');
  return notes;
}

/** What the steps depend on; asks the system, changes nothing. */
export async function lookAround(
  kind: ServiceKind,
  io: Io,
  system: System,
  shawl: string,
): Promise<Machine> {
  const user = kind === 'launchd' ? launchdUser : systemdUser;
  const windows = kind === 'task' || kind === 'shawl';
  const hasUser = !windows && (await system.run(['id', '-u', user])).code === 0;
  return {
    hasUser,
    freeId: kind === 'launchd' && !hasUser ? await freeId(system) : 0,
    programData: io.env['ProgramData'] ?? 'C:\\ProgramData',
    shawl,
  };
}

/** macOS hides users below 500; those that it makes itself are below 300. */
async function freeId(system: System): Promise<number> {
  const lists = await Promise.all([
    system.run(['dscl', '.', '-list', '/Users', 'UniqueID']),
    system.run(['dscl', '.', '-list', '/Groups', 'PrimaryGroupID']),
  ]);
  const taken = new Set(lists.flatMap(({ stdout }) => stdout.match(/-?\d+$/gm) ?? []).map(Number));
  for (let id = 350; id < 500; id += 1) if (!taken.has(id)) return id;
  return 499;
}
