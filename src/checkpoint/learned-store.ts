import { nodeFileSystem, writeAtomic, type FileSystem } from '../core/atomic-file.ts';
import { Backoff } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf, systemCode } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { isObject } from '../core/row.ts';
import type { JsonValue, Learned } from '../core/types.ts';

export interface LearnedOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fs?: FileSystem;
  readonly platform?: NodeJS.Platform;
}

export interface LearnedStore extends Learned {
  /** Resolves when all is on disk, or one more try has failed (logged; the next `set` tries again). */
  flush(): Promise<void>;
}

const debounceMs = 1000;

/** Small facts in one JSON file. When it cannot be read it begins empty, with a warning: all can be learned again. */
export async function openLearned(options: LearnedOptions): Promise<LearnedStore> {
  return new Store(options, await read(options));
}

/** What the running program has learned, for a command: new facts are kept in memory alone, the file has one writer. */
export async function borrowLearned(options: LearnedOptions): Promise<Learned> {
  const values = await read(options);
  return { get: (key) => values.get(key), set: (key, value) => void values.set(key, value) };
}

class Store implements LearnedStore {
  readonly #options: LearnedOptions;
  readonly #values: Map<string, JsonValue>;
  readonly #backoff = new Backoff({ baseMs: 2 * debounceMs, capMs: 60_000 });
  #changed = false;
  #failing = false;
  #waiting: AbortController | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: LearnedOptions, values: Map<string, JsonValue>) {
    this.#options = options;
    this.#values = values;
  }

  get(key: string): JsonValue | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: JsonValue): void {
    const before = this.#values.get(key);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(value)) return;
    this.#values.set(key, value);
    this.#changed = true;
    if (this.#waiting === undefined) void this.#writeLater(debounceMs);
  }

  async flush(): Promise<void> {
    this.#waiting?.abort();
    this.#waiting = undefined;
    await this.#write();
  }

  async #writeLater(waitMs: number): Promise<void> {
    const waiting = new AbortController();
    this.#waiting = waiting;
    await this.#options.clock.sleep(waitMs, waiting.signal);
    if (this.#waiting === waiting) this.#waiting = undefined;
    if (waiting.signal.aborted) return;
    await this.#write();
    if (this.#changed && this.#waiting === undefined) void this.#writeLater(this.#backoff.next());
  }

  async #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeNow());
    await this.#writing;
  }

  async #writeNow(): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    const { path, log } = this.#options;
    const text = `${JSON.stringify({ format: 1, values: Object.fromEntries(this.#values) })}\n`;
    try {
      await writeAtomic(path, Buffer.from(text), this.#options);
      this.#backoff.reset();
      if (this.#failing) log.info('What was learned at run time is saved again', { file: path });
      this.#failing = false;
    } catch (error) {
      this.#changed = true;
      if (!this.#failing) {
        log.warn('What was learned at run time cannot be saved, it is tried again', {
          file: path,
          why: messageOf(error),
        });
      }
      this.#failing = true;
    }
  }
}

async function read({
  path,
  log,
  fs = nodeFileSystem,
}: LearnedOptions): Promise<Map<string, JsonValue>> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await fs.readFile(path));
    const value = JSON.parse(text) as JsonValue;
    if (!isObject(value) || value['format'] !== 1 || !isObject(value['values'])) {
      throw new Error('its shape is unknown');
    }
    return new Map(Object.entries(value['values']));
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') {
      log.warn('What was learned at run time cannot be read, it is learned again', {
        file: path,
        why: messageOf(error),
      });
    }
    return new Map();
  }
}
