import { dirname } from 'node:path';
import {
  nodeFileSystem,
  renameWithRetries,
  type FileSystem,
  type OpenFile,
} from './atomic-file.ts';
import { Backoff } from './backoff.ts';
import { systemClock, type Clock } from './clock.ts';
import { messageOf, systemCode } from './errors.ts';

export interface RotatingFileOptions {
  readonly path: string;
  /** Rotate before the file grows beyond this; default 10 MiB. */
  readonly maxBytes?: number;
  /** Old files that are kept as `.1` (the newest) to `.5`; default 5. */
  readonly keep?: number;
  /** Bound of what waits in memory; default 1 MiB. */
  readonly queueBytes?: number;
  /** The line that says how many lines were lost, and why; without a line feed. */
  readonly lossLine?: (lost: number, why: string) => string;
  readonly fs?: FileSystem;
  readonly platform?: NodeJS.Platform;
  readonly clock?: Clock;
}

/**
 * An append-only log file that rotates by size. `append` never throws and never waits: lines queue up
 * in memory and are written in order. While the disk is full or the folder is away it tries again every
 * 1 to 30 s; lines beyond the bound are counted and that number is written as soon as it can be.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  readonly #queueBytes: number;
  readonly #lossLine: (lost: number, why: string) => string;
  readonly #fs: FileSystem;
  readonly #platform: NodeJS.Platform;
  readonly #clock: Clock;
  readonly #backoff = new Backoff({ baseMs: 1000, capMs: 30_000 });
  #queue: Uint8Array[] = [];
  #queued = 0;
  #lost = 0;
  #why = '';
  #file: OpenFile | undefined;
  #size = 0;
  #rotateAt: number;
  #reopen = false;
  /** The file ends in the middle of a line: no rotation now. */
  #cut = false;
  #closed = false;
  #working: Promise<void> | undefined;
  #waiting: AbortController | undefined;

  constructor(options: RotatingFileOptions) {
    this.#path = options.path;
    this.#maxBytes = options.maxBytes ?? 10 * 1024 * 1024;
    this.#keep = options.keep ?? 5;
    this.#queueBytes = options.queueBytes ?? 1024 * 1024;
    this.#lossLine = options.lossLine ?? ((lost, why) => `${lost} log lines were lost: ${why}`);
    this.#fs = options.fs ?? nodeFileSystem;
    this.#platform = options.platform ?? process.platform;
    this.#clock = options.clock ?? systemClock;
    this.#rotateAt = this.#maxBytes;
  }

  /** Takes one line without its line feed. */
  append(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    if (this.#closed || this.#queued + bytes.length > this.#queueBytes) {
      this.#lost += 1;
      if (this.#why === '') this.#why = 'too many at once';
      return;
    }
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (this.#waiting === undefined) this.#start();
  }

  /** Resolves when every line taken so far is in the file, or one more try to write them has failed. */
  async flush(): Promise<void> {
    this.#waiting?.abort();
    this.#waiting = undefined;
    if (this.#queued > 0 || this.#lost > 0 || this.#reopen) this.#start();
    while (this.#working !== undefined && this.#waiting === undefined) await this.#working;
  }

  /** Opens the file by its name again: another program (logrotate) has renamed it. */
  async reopen(): Promise<void> {
    this.#reopen = true;
    await this.flush();
  }

  /** Writes what can be written, closes the file; later lines are dropped. */
  async close(): Promise<void> {
    await this.flush();
    this.#closed = true;
    this.#waiting?.abort();
    await this.#working;
    await this.#shut();
  }

  #start(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** One at a time: writes until nothing is left; after a failure a timer starts it again. */
  async #work(): Promise<void> {
    // Whatever is logged in this turn of the event loop goes out in one write.
    await Promise.resolve();
    try {
      while (this.#queue.length > 0 || this.#lost > 0 || this.#reopen) await this.#step();
      this.#backoff.reset();
    } catch (error) {
      this.#why = systemCode(error) ?? messageOf(error);
      await this.#shut();
      if (!this.#closed) void this.#tryLater();
    }
  }

  async #tryLater(): Promise<void> {
    const waiting = new AbortController();
    this.#waiting = waiting;
    await this.#clock.sleep(this.#backoff.next(), waiting.signal);
    if (this.#waiting !== waiting) return;
    this.#waiting = undefined;
    if (!this.#closed) this.#start();
  }

  async #step(): Promise<void> {
    if (this.#reopen) await this.#shut();
    this.#file ??= await this.#open();
    this.#reopen = false;
    const next = this.#queue[0];
    if (next === undefined) {
      if (this.#lost > 0) this.#sayLoss();
      return;
    }
    if (!this.#cut && this.#size > 0 && this.#size + next.length > this.#rotateAt) {
      this.#file = await this.#rotate();
    }
    await this.#write(this.#file);
  }

  /** As many whole lines as fit before the next rotation, at least one. */
  async #write(file: OpenFile): Promise<void> {
    let bytes = 0;
    let lines = 0;
    for (const line of this.#queue) {
      if (lines > 0 && this.#size + bytes + line.length > this.#rotateAt) break;
      bytes += line.length;
      lines += 1;
    }
    const batch = Buffer.concat(this.#queue.slice(0, lines));
    for (let offset = 0; offset < bytes;) {
      const { bytesWritten } = await file.write(batch, offset);
      offset += bytesWritten;
      this.#size += bytesWritten;
      this.#forget(bytesWritten);
    }
  }

  /** Drops written bytes from the queue: after a full disk a line goes on where it was cut. */
  #forget(bytes: number): void {
    this.#queued -= bytes;
    let whole = 0;
    for (const line of this.#queue) {
      if (line.length > bytes) break;
      bytes -= line.length;
      whole += 1;
    }
    this.#queue = this.#queue.slice(whole);
    const [cut] = this.#queue;
    this.#cut = cut !== undefined && bytes > 0;
    if (cut !== undefined && bytes > 0) this.#queue[0] = cut.subarray(bytes);
  }

  #sayLoss(): void {
    const bytes = Buffer.from(`${this.#lossLine(this.#lost, this.#why)}\n`);
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    this.#lost = 0;
    this.#why = '';
  }

  async #open(): Promise<OpenFile> {
    await this.#fs.mkdir(dirname(this.#path), { recursive: true });
    const file = await this.#fs.open(this.#path, 'a', 0o640);
    this.#size = (await file.stat()).size;
    this.#rotateAt = this.#maxBytes;
    return file;
  }

  async #rotate(): Promise<OpenFile> {
    // Windows renames no file that is open.
    await this.#shut();
    let renamed = true;
    for (let number = this.#keep - 1; number >= 0 && renamed; number -= 1) {
      const from = number === 0 ? this.#path : `${this.#path}.${number}`;
      renamed = await this.#rename(from, `${this.#path}.${number + 1}`);
    }
    if (this.#keep === 0) await this.#fs.unlink(this.#path);
    const file = await this.#open();
    // Somebody holds it: go on in the same file and try again a tenth later.
    if (!renamed) this.#rotateAt = this.#size + Math.ceil(this.#maxBytes / 10);
    return file;
  }

  async #rename(from: string, to: string): Promise<boolean> {
    const [fs, platform, clock] = [this.#fs, this.#platform, this.#clock];
    try {
      await renameWithRetries(from, to, { fs, platform, clock });
      return true;
    } catch (error) {
      return systemCode(error) === 'ENOENT';
    }
  }

  async #shut(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
  }
}
