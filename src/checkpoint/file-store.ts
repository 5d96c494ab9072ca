import { join } from 'node:path';
import {
  nodeFileSystem,
  previousOf,
  removeLeftovers,
  renameWithRetries,
  writeAtomic,
  type FileSystem,
} from '../core/atomic-file.ts';
import type { Clock } from '../core/clock.ts';
import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Checkpoint, CheckpointStore, FeedIdentity, StoredCheckpoint } from './checkpoint.ts';
import { FeedFiles } from './feed-files.ts';
import {
  decodeRecord,
  encodeRecord,
  sameAddress,
  sameSource,
  type CheckpointRecord,
  type Reading,
} from './record.ts';

export interface FileStoreOptions {
  /** The state directory. */
  readonly directory: string;
  /** The servers of the config: a record of any other may be adopted after a rename. */
  readonly configuredServerIds: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly fs?: FileSystem;
  readonly platform?: NodeJS.Platform;
}

export interface FileStore extends CheckpointStore {
  /**
   * Whether any feed of this account and endpoint has a record, readable or not. One that still stands where
   * it began does not count: a kill between the first saves of two feeds leaves only the first one's.
   */
  hasAny(accountId: string | undefined, endpoint: string): Promise<boolean>;
  /** Deletes what a killed process left half written. Once, at the start, and only under the lock. */
  tidy(): Promise<void>;
}

/** Checkpoints as one JSON file per feed in `<directory>/feeds`; see docs/decisions for why. */
export function openFileStore(options: FileStoreOptions): FileStore {
  return new Store(options);
}

class Store implements FileStore {
  readonly #options: FileStoreOptions;
  readonly #fs: FileSystem;
  readonly #files: FeedFiles;
  readonly #sequences = new Map<string, number>();
  readonly #saving = new Map<string, Promise<void>>();

  constructor(options: FileStoreOptions) {
    this.#options = options;
    this.#fs = options.fs ?? nodeFileSystem;
    this.#files = new FeedFiles(join(options.directory, 'feeds'), this.#fs);
  }

  async load(identity: FeedIdentity): Promise<Checkpoint | undefined> {
    const path = this.#files.pathOf(identity);
    const record = (await this.#read(path, identity)) ?? (await this.#adopt(identity));
    if (record === undefined) return undefined;
    this.#sequences.set(path, record.sequence);
    return record.checkpoint;
  }

  async save(identity: FeedIdentity, checkpoint: Checkpoint): Promise<void> {
    const path = this.#files.pathOf(identity);
    const before = this.#saving.get(path) ?? Promise.resolve();
    const saved = before.catch(() => undefined).then(() => this.#write(path, identity, checkpoint));
    this.#saving.set(path, saved);
    try {
      await saved;
    } finally {
      if (this.#saving.get(path) === saved) this.#saving.delete(path);
    }
  }

  async list(): Promise<readonly StoredCheckpoint[]> {
    return (await this.#records(await this.#files.paths())).map(
      ({ identity, checkpoint, savedAtMs }) => ({
        identity,
        checkpoint,
        savedAtMs,
      }),
    );
  }

  async hasAny(accountId: string | undefined, endpoint: string): Promise<boolean> {
    const paths = await this.#files.pathsOf({ accountId, endpoint });
    const records = await this.#records(paths);
    if (records.length < paths.length) return true;
    return records.some(
      ({ checkpoint: { cursor } }) => cursor.readToMs > cursor.positionMs || cursor.fullest > 0,
    );
  }

  async tidy(): Promise<void> {
    await removeLeftovers(this.#files.directory, this.#fs);
  }

  /** The newest generation that can be read. */
  async #read(path: string, identity: FeedIdentity): Promise<CheckpointRecord | undefined> {
    const current = await this.#readOne(path, identity);
    if (current?.kind === 'good') return current.record;
    if (current?.kind === 'newer') throw newer(path, current.format);
    const previous = await this.#readOne(previousOf(path), identity);
    if (previous?.kind === 'newer') throw newer(previousOf(path), previous.format);
    if (previous?.kind === 'good') {
      const aside = current === undefined ? undefined : await this.#setAside(path);
      this.#options.log.warn('The newest checkpoint cannot be read, the one before it is used', {
        file: path,
        why: current?.why ?? 'it is missing',
        set_aside_as: aside,
      });
      return previous.record;
    }
    if (current === undefined && previous === undefined) return undefined;
    // Left where it is: once moved away, the next try would take this for a feed that never ran.
    throw unreadable(path, current?.why ?? previous?.why ?? 'unknown');
  }

  async #readOne(path: string, identity?: FeedIdentity): Promise<Reading | undefined> {
    try {
      return decodeRecord(await this.#fs.readFile(path), identity);
    } catch (error) {
      const code = systemCode(error) ?? '';
      if (code === 'ENOENT') return undefined;
      if (['EIO', 'EISDIR', 'ELOOP'].includes(code)) return { kind: 'bad', why: messageOf(error) };
      // Says nothing about the content: no rights, too many open files, a server that is away.
      throw failed('checkpoint_read_failed', path, 'read', error);
    }
  }

  async #setAside(path: string): Promise<string> {
    const { clock, platform = process.platform } = this.#options;
    const folder = join(this.#options.directory, 'quarantine');
    const stamp = new Date(clock.nowMs()).toISOString().replace(/[:.]/g, '-');
    const name = path.slice(this.#files.directory.length + 1);
    const aside = join(folder, `${stamp}-${name}`);
    try {
      await this.#fs.mkdir(folder, { recursive: true, mode: 0o700 });
      await renameWithRetries(path, aside, { fs: this.#fs, platform, clock });
      return aside;
    } catch (error) {
      throw failed('checkpoint_write_failed', path, 'moved aside', error);
    }
  }

  /** The record of a server that was renamed in the config: same address, its old id configured no more. */
  async #adopt(identity: FeedIdentity): Promise<CheckpointRecord | undefined> {
    const configured = new Set(this.#options.configuredServerIds);
    const candidates = (await this.#records(await this.#files.pathsOf(identity))).filter(
      (record) =>
        sameSource(record.identity, identity) &&
        sameAddress(record.identity, identity) &&
        !configured.has(record.identity.server.id),
    );
    // After several renames the longest history is the newest.
    const [found] = candidates.sort((a, b) => b.sequence - a.sequence);
    if (found === undefined) return undefined;
    const path = this.#files.pathOf(identity);
    this.#sequences.set(path, found.sequence);
    await this.save(identity, found.checkpoint);
    this.#options.log.info('A renamed server goes on from the checkpoint of its old id', {
      endpoint: identity.endpoint,
      account: identity.accountId,
      old_id: found.identity.server.id,
      new_id: identity.server.id,
    });
    return { ...found, identity, sequence: this.#sequences.get(path) ?? found.sequence };
  }

  async #write(path: string, identity: FeedIdentity, checkpoint: Checkpoint): Promise<void> {
    const { clock, platform = process.platform } = this.#options;
    const known = this.#sequences.get(path) ?? (await this.#read(path, identity))?.sequence ?? 0;
    const sequence = known + 1;
    const bytes = encodeRecord({ identity, checkpoint, savedAtMs: clock.nowMs(), sequence });
    try {
      await this.#fs.mkdir(this.#files.directory, { recursive: true, mode: 0o700 });
      await writeAtomic(path, bytes, { keepPrevious: true, fs: this.#fs, platform, clock });
    } catch (error) {
      throw failed('checkpoint_write_failed', path, 'written', error);
    }
    this.#sequences.set(path, sequence);
    if (sequence === 1) await this.#files.added(identity);
  }

  async #records(paths: readonly string[]): Promise<readonly CheckpointRecord[]> {
    const records: CheckpointRecord[] = [];
    for (const path of paths) {
      const current = await this.#readOne(path);
      const reading = current?.kind === 'good' ? current : await this.#readOne(previousOf(path));
      if (reading?.kind === 'good') records.push(reading.record);
    }
    return records;
  }
}

function failed(code: string, path: string, what: string, cause: unknown): ForwarderError {
  return new ForwarderError(code, `${path} cannot be ${what}: ${messageOf(cause)}`, {
    remedy: 'retry',
    scope: 'feed',
    hint: 'Free space on that disk, or give the user that runs duologsync the right to read and write there; nothing is lost meanwhile.',
    cause,
  });
}

function newer(path: string, format: number): ForwarderError {
  return new ForwarderError(
    'checkpoint_newer',
    `${path} was written by a newer duologsync (format ${format})`,
    {
      remedy: 'park',
      scope: 'feed',
      hint: 'Install the newer version again. To begin this feed anew instead, move that file and its .prev away.',
    },
  );
}

function unreadable(path: string, why: string): ForwarderError {
  return new ForwarderError(
    'checkpoint_unreadable',
    `${path} and its previous generation cannot be read: ${why}`,
    {
      remedy: 'park',
      scope: 'feed',
      hint: 'Put a copy from a backup there. To begin this feed anew, `offset` days back, move that file and its .prev away.',
    },
  );
}
