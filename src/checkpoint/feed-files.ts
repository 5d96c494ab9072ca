import { join } from 'node:path';
import type { FileSystem } from '../core/atomic-file.ts';
import { systemCode } from '../core/errors.ts';
import type { FeedIdentity } from './checkpoint.ts';
import { encodeName, partsOfName } from './state-directory.ts';

const suffix = '.json';

type Source = Pick<FeedIdentity, 'accountId' | 'endpoint'>;

/** The names of the feeds' files in one folder: endpoint, account id (none: left out), server id. */
export class FeedFiles {
  readonly directory: string;
  readonly #fs: FileSystem;
  #bySource: Promise<Map<string, Set<string>>> | undefined;

  constructor(directory: string, fs: FileSystem) {
    this.directory = directory;
    this.#fs = fs;
  }

  pathOf({ accountId, endpoint, server }: FeedIdentity): string {
    return join(
      this.directory,
      encodeName(...partsOf({ accountId, endpoint }), server.id) + suffix,
    );
  }

  /** Every feed that has a current or a previous generation, as the folder is now. */
  async paths(): Promise<readonly string[]> {
    const files = await this.#fs.readdir(this.directory).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    });
    const names = files.map((file) => file.replace(/\.prev$/, ''));
    const unique = new Set(names.filter((name) => name.endsWith(suffix)));
    return [...unique].sort().map((name) => join(this.directory, name));
  }

  /**
   * The feeds of one account and endpoint. The folder is read once: thousands of feeds that ask at their
   * first start would else read it thousands of times.
   */
  async pathsOf(source: Source): Promise<readonly string[]> {
    return [...((await this.#index()).get(keyOf(source)) ?? [])];
  }

  /** This feed has a file from now on. */
  async added(identity: FeedIdentity): Promise<void> {
    const bySource = await this.#bySource?.catch(() => undefined);
    if (bySource !== undefined) add(bySource, keyOf(identity), this.pathOf(identity));
  }

  async #index(): Promise<Map<string, Set<string>>> {
    this.#bySource ??= this.paths().then((paths) => {
      const bySource = new Map<string, Set<string>>();
      for (const path of paths) {
        const name = path.slice(this.directory.length + 1, -suffix.length);
        add(bySource, partsOfName(name).slice(0, -1).join('+'), path);
      }
      return bySource;
    });
    try {
      return await this.#bySource;
    } catch (error) {
      this.#bySource = undefined;
      throw error;
    }
  }
}

function partsOf({ accountId, endpoint }: Source): readonly string[] {
  return accountId === undefined ? [endpoint] : [endpoint, accountId];
}

function keyOf(source: Source): string {
  return partsOfName(encodeName(...partsOf(source))).join('+');
}

function add(bySource: Map<string, Set<string>>, key: string, path: string): void {
  const paths = bySource.get(key);
  if (paths === undefined) bySource.set(key, new Set([path]));
  else paths.add(path);
}
