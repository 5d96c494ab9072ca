import { dirname, join, resolve } from 'node:path';
import { syncDirectory, writeAtomic } from '../../core/atomic-file.ts';
import type { Clock } from '../../core/clock.ts';
import { systemCode } from '../../core/errors.ts';
import { archiveMissing, changedMeanwhile, damagedJournal, notAFile } from './archive-errors.ts';
import { type ArchiveFile, type Disk, type Entry, existing, made } from './disk.ts';
import { decodeJournal, encodeJournal, type FileEnd, type Journal } from './journal.ts';

const journalFolder = '.duologsync';
const newline = Buffer.from('\n');
// So many names are remembered as synced: more are synced anew.
const mostKnown = 10_000;

/** The files of one archive: what is done to them outlives a power cut. Paths are relative, with `/`. */
export class ArchiveFolder {
  readonly directory: string;
  readonly #disk: Disk;
  readonly #platform: NodeJS.Platform;
  readonly #clock: Clock;
  /** Folders and files whose names are on disk for certain. */
  readonly #known = new Set<string>();
  #isExpected = false;

  constructor(directory: string, disk: Disk, platform: NodeJS.Platform, clock: Clock) {
    this.directory = resolve(directory);
    this.#disk = disk;
    this.#platform = platform;
    this.#clock = clock;
  }

  /** Of a file or folder of the archive. */
  absolute(path: string): string {
    return join(this.directory, ...path.split('/'));
  }

  get journals(): string {
    return join(this.directory, journalFolder);
  }

  /** From here on the archive is there, or its disk is away. */
  expect(): void {
    this.#isExpected = true;
  }

  /** Before anything is written or cut: an archive that is away must not begin anew where its disk was. */
  async mustBeThere(): Promise<void> {
    if (this.#isExpected && (await this.#entry(this.journals)) === undefined)
      throw archiveMissing(this.directory, this.journals);
  }

  async journalNames(): Promise<readonly string[]> {
    const names = await this.#disk.readdir(this.journals).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    });
    return names.filter((name) => name.endsWith('.json'));
  }

  /** Undefined when there is none. Throws `archive_journal_damaged` (park). */
  async readJournal(name: string): Promise<Journal | undefined> {
    const path = join(this.journals, name);
    let bytes: Uint8Array;
    try {
      bytes = await this.#disk.readFile(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
    const journal = decodeJournal(bytes);
    if (typeof journal === 'string') throw damagedJournal(path, journal);
    return journal;
  }

  async writeJournal(name: string, journal: Journal): Promise<void> {
    await this.#makeFolder(journalFolder);
    const fs = this.#disk;
    const [platform, clock] = [this.#platform, this.#clock];
    await writeAtomic(join(this.journals, name), encodeJournal(journal), { fs, platform, clock });
  }

  /** Where the file ends now; 0 when it is not there. Throws `archive_blocked` for what is no file. */
  async end(path: string): Promise<FileEnd> {
    const entry = await this.#entry(this.absolute(path));
    if (entry !== undefined && !entry.isFile()) throw notAFile(this.absolute(path));
    return { path, length: entry?.size ?? 0 };
  }

  /** Appends and syncs; the file and its folders are made when they are missing (0600 and 0700). */
  async append({ path, length }: FileEnd, bytes: Uint8Array): Promise<void> {
    const absolute = this.absolute(path);
    const folder = path.split('/').slice(0, -1).join('/');
    await this.#makeFolder(folder);
    await this.#with(absolute, made, async (file) => {
      if ((await file.stat()).size !== length) throw changedMeanwhile(absolute);
      // Half a line that somebody else left must not spoil the first one of this page.
      const isWhole = this.#knows(absolute) || (await endsWhole(file, length));
      const text = isWhole ? bytes : Buffer.concat([newline, bytes]);
      for (let done = 0; done < text.length;) {
        const left = text.length - done;
        const { bytesWritten } = await file.write(text, done, left, length + done);
        if (bytesWritten === 0) throw new Error('the disk took nothing');
        done += bytesWritten;
      }
      await file.datasync();
    });
    // Whoever moves a file away leaves it known, but not the name of the new one.
    if (length > 0 && this.#knows(absolute)) return;
    await this.#sync(dirname(absolute));
    this.#know(absolute);
  }

  /** What is in the file outlives a power cut from now on. */
  async secure(path: string): Promise<void> {
    const absolute = this.absolute(path);
    await this.#with(absolute, existing, (file) => file.sync());
    await this.#makeFolder(path.split('/').slice(0, -1).join('/'));
    await this.#sync(dirname(absolute));
  }

  /** So many bytes from there on; undefined when the file is shorter or is none. */
  async read({ path, length }: FileEnd, bytes: number): Promise<Uint8Array | undefined> {
    const { length: end } = await this.end(path);
    if (end < length + bytes) return undefined;
    const whole = await this.#disk.readFile(this.absolute(path));
    return whole.subarray(length, length + bytes);
  }

  /** Cuts back what is longer; resolves to the number of bytes that are gone. Never makes a file longer. */
  async cut({ path, length }: FileEnd): Promise<number> {
    const now = await this.end(path);
    if (now.length <= length) return 0;
    await this.#with(this.absolute(path), existing, async (file) => {
      await file.truncate(length);
      await file.sync();
    });
    return now.length - length;
  }

  /** Something failed or was removed: nothing is taken for granted any more. */
  forget(): void {
    this.#known.clear();
  }

  async #with(
    path: string,
    flags: number,
    work: (file: ArchiveFile) => Promise<void>,
  ): Promise<void> {
    const file = await this.#disk.open(path, flags, 0o600);
    try {
      await work(file);
    } finally {
      await file.close();
    }
  }

  async #entry(path: string): Promise<Entry | undefined> {
    try {
      return await this.#disk.lstat(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #makeFolder(path: string): Promise<void> {
    const absolute = path === '' ? this.directory : this.absolute(path);
    if (this.#knows(absolute)) return;
    await this.#disk.mkdir(absolute, { recursive: true, mode: 0o700 });
    for (let inner = absolute; inner !== this.directory; inner = dirname(inner)) {
      await this.#sync(dirname(inner));
    }
    await this.#syncAbove();
    this.#know(absolute);
  }

  /** The folders above may be new, too. */
  async #syncAbove(): Promise<void> {
    if (this.#knows(this.directory)) return;
    for (let inner = this.directory; dirname(inner) !== inner; inner = dirname(inner)) {
      await this.#sync(dirname(inner)).catch((error: unknown) => {
        // Where we can not read, the folder was made for us.
        if (!['EACCES', 'EPERM'].includes(systemCode(error) ?? '')) throw error;
      });
    }
    this.#know(this.directory);
  }

  async #sync(folder: string): Promise<void> {
    if (this.#platform !== 'win32') await syncDirectory(this.#disk, folder);
  }

  #knows(path: string): boolean {
    return this.#known.has(path);
  }

  #know(path: string): void {
    if (this.#known.size >= mostKnown) this.#known.clear();
    this.#known.add(path);
  }
}

async function endsWhole(file: ArchiveFile, length: number): Promise<boolean> {
  if (length === 0) return true;
  const last = new Uint8Array(1);
  await file.read(last, 0, 1, length - 1);
  return last[0] === newline[0];
}
