import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { datedPaths } from '../../core/dated-paths.ts';
import { ForwarderError, messageOf } from '../../core/errors.ts';
import { type ArchiveFeed, type ArchiveLayout, pathsFor } from '../../core/path-template.ts';
import { archiveOptions } from '../../destinations.ts';
import { type EndpointName, endpoints } from '../../endpoints/index.ts';
import { watchers } from '../import/watcher-state.ts';

/** A file of archived rows of one log and account. */
export interface ArchiveFile {
  readonly path: string;
  readonly endpoint: EndpointName;
  /** A child's; undefined for the configured account. */
  readonly accountId: string | undefined;
  /** The begin of its day, where a layout of the config says it. */
  readonly fromMs: number;
}

export interface Found {
  /** Log by log, each from its oldest file on. */
  readonly files: readonly ArchiveFile[];
  /** Files whose path does not tell which log they hold. */
  readonly unknown: readonly string[];
  /** What they lead to is not looked at. */
  readonly links: readonly string[];
  /** Where it was looked, without links. */
  readonly root: string;
}

const dayFile = /^\d{6}$|\.(?:log|json|jsonl|ndjson)$/;
const names = Object.keys(endpoints) as EndpointName[];
const folders: ReadonlyMap<string, EndpointName> = new Map([
  ...names.map((name): [string, EndpointName] => [name, name]),
  ...Object.entries(watchers),
]);

/**
 * The archive's files below a folder, or the one file. Which log a file holds tell the FILE servers' own paths,
 * else the folder that it is in, else `named`, which also leaves out all other logs. Throws `replay_unreadable_archive`.
 */
export async function findArchiveFiles(
  from: string,
  config: Config,
  named?: EndpointName,
): Promise<Found> {
  const ownOf = await ownPaths(config);
  const files: ArchiveFile[] = [];
  const unknown: string[] = [];
  const links: string[] = [];
  try {
    const root = await realpath(from);
    const single = !(await stat(root)).isDirectory();
    for (const path of single ? [root] : await below(root, links)) {
      const name = basename(path);
      const own = ownOf(path);
      const known = own ?? (single || dayFile.test(name) ? byFolder(path) : undefined);
      const feed = known ?? (named === undefined ? undefined : { endpoint: named });
      if (feed === undefined || (known === undefined && !single && !dayFile.test(name)))
        unknown.push(path);
      else if (named === undefined || feed.endpoint === named || single)
        files.push({
          path,
          endpoint: named ?? feed.endpoint,
          accountId: 'accountId' in feed ? feed.accountId : undefined,
          fromMs: own?.fromMs ?? 0,
        });
    }
    const keyed = files.map((file) => ({ file, key: orderOf(file) }));
    keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
    return { files: keyed.map(({ file }) => file), unknown, links, root };
  } catch (error) {
    throw archiveUnreadable(from, error);
  }
}

/** Texts in the order in which files are sent. */
export function orderOf({ endpoint, accountId = '', fromMs, path }: ArchiveFile): string {
  const begin = String(fromMs).padStart(16, '0');
  return `${String(names.indexOf(endpoint))}\n${accountId}\n${begin}\n${path}`;
}

export function archiveUnreadable(path: string, error: unknown): ForwarderError {
  return new ForwarderError(
    'replay_unreadable_archive',
    `${path} cannot be read: ${messageOf(error)}`,
    {
      remedy: 'stop',
      hint: 'Correct the path, or run this as the user that the archive belongs to.',
      cause: error,
    },
  );
}

/** All files, none in hidden folders, none through links; Duo Watcher's own state files hold no row. */
async function below(folder: string, links: string[]): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) links.push(path);
    else if (entry.isDirectory()) found.push(...(await below(path, links)));
    else if (entry.isFile() && !/^state(?:\.new)?$/.test(entry.name)) found.push(path);
  }
  return found;
}

type Feed = ArchiveFeed & { readonly endpoint: EndpointName };

/** What a FILE server of the config would have written there. */
async function ownPaths(
  config: Config,
): Promise<(path: string) => (Feed & { readonly fromMs: number }) | undefined> {
  const archives = await Promise.all(
    config.servers
      .flatMap((server) => archiveOptions(server) ?? [])
      .map(async ({ directory, layout }) => {
        return { directory: await realpath(directory).catch(() => directory), layout };
      }),
  );
  const makers = new Map<string, (path: string) => number | undefined>();
  const beginOf = (layout: ArchiveLayout, feed: Feed, path: string): number | undefined => {
    const key = JSON.stringify([layout, feed.endpoint, feed.accountId ?? '']);
    let test = makers.get(key);
    if (test === undefined) {
      const { periodOf } = datedPaths(layout, feed);
      const undated = pathsFor(layout, feed)(0);
      test = (one) => periodOf(one)?.fromMs ?? (one === undated ? 0 : undefined);
      makers.set(key, test);
    }
    return test(path);
  };
  return (path) => {
    for (const { directory, layout } of archives) {
      const own = relative(directory, path).split(sep).join('/');
      if (own.startsWith('../')) continue;
      const accounts = own.split(/[/.-]/).filter((part) => accountId.test(part));
      for (const account of [undefined, ...accounts])
        for (const endpoint of names) {
          const feed = { endpoint, accountId: account };
          const fromMs = beginOf(layout, feed, own);
          if (fromMs !== undefined) return { ...feed, fromMs };
        }
    }
    return undefined;
  };
}

const accountId = /^DA[A-Z0-9]{18}$/;

function byFolder(path: string): Feed | undefined {
  const folder = dirname(path);
  const endpoint = folders.get(basename(folder));
  if (endpoint === undefined) return undefined;
  const above = basename(dirname(folder));
  return { endpoint, accountId: accountId.test(above) ? above : undefined };
}
