import { constants, type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { ForwarderError, messageOf } from '../core/errors.ts';
import { isoTime } from '../core/iso-time.ts';
import type { Logger } from '../core/log.ts';
import type { DeadLetter, DeadLetterBox } from '../core/types.ts';
import { readKept } from './kept.ts';

export interface DeadLetterOptions {
  /** Where `dead-letters.jsonl` lies; made when missing. */
  readonly directory: string;
  /** Bound of the file in bytes; default 100 MiB. */
  readonly maxBytes?: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** How the file is opened; tests pass a disk that is full. */
  readonly openFile?: OpenFile;
}

/** The part of a file that the store uses. */
export type LetterFile = Pick<FileHandle, 'write' | 'truncate' | 'sync' | 'close'>;
export type OpenFile = (path: string) => Promise<LetterFile>;

export interface DeadLetterStore extends DeadLetterBox {
  readonly path: string;
  /** Letters on disk by feed id, those of earlier runs included. */
  counts(): ReadonlyMap<string, number>;
  close(): Promise<void>;
}

const defaultMaxBytes = 100 * 1024 * 1024;

/**
 * Opens the one bounded file of events that could not be delivered: JSON lines, readable by the owner
 * only, synced before `add` resolves. A last line that a crash tore is cut off.
 * Throws `dead_letter_unusable` (stop) when the file can not be opened.
 */
export async function openDeadLetters(options: DeadLetterOptions): Promise<DeadLetterStore> {
  const path = join(options.directory, 'dead-letters.jsonl');
  try {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const file = await (options.openFile ?? openPrivately)(path);
    const kept = await readKept(path);
    if (kept.tornBytes > 0) {
      await file.truncate(kept.bytes);
      options.log.warn('the last dead letter was cut short by a crash and is removed', {
        file: path,
        bytes: kept.tornBytes,
      });
    }
    return new FileDeadLetters(path, file, kept.bytes, new Map(kept.counts), options);
  } catch (error) {
    throw new ForwarderError(
      'dead_letter_unusable',
      `${path} can not be opened: ${messageOf(error)}`,
      {
        remedy: 'stop',
        scope: 'event',
        hint: 'Let the user that runs duologsync read and write this file and its folder.',
        cause: error,
      },
    );
  }
}

// Not for appending: Windows would not cut such a file.
async function openPrivately(path: string): Promise<LetterFile> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  await file.chmod(0o600);
  return file;
}

class FileDeadLetters implements DeadLetterStore {
  readonly path: string;
  readonly #file: LetterFile;
  readonly #options: DeadLetterOptions;
  readonly #counts: Map<string, number>;
  #bytes: number;
  #turn: Promise<void> = Promise.resolve();

  constructor(
    path: string,
    file: LetterFile,
    bytes: number,
    counts: Map<string, number>,
    options: DeadLetterOptions,
  ) {
    this.path = path;
    this.#file = file;
    this.#bytes = bytes;
    this.#counts = counts;
    this.#options = options;
  }

  counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  async add(letter: DeadLetter, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const added = this.#turn.then(() => this.#append(letter));
    this.#turn = added.catch(() => undefined);
    await added;
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#file.close();
  }

  async #append(letter: DeadLetter): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(recordOf(letter, this.#options.clock.nowMs()))}\n`);
    const maxBytes = this.#options.maxBytes ?? defaultMaxBytes;
    if (this.#bytes + line.length > maxBytes) throw this.#full(`it has reached ${maxBytes} bytes`);
    try {
      for (let done = 0; done < line.length;) {
        const length = line.length - done;
        done += (await this.#file.write(line, done, length, this.#bytes + done)).bytesWritten;
      }
      await this.#file.sync();
    } catch (error) {
      await this.#cutBack();
      throw this.#full(messageOf(error), error);
    }
    this.#bytes += line.length;
    this.#counts.set(letter.feedId, (this.#counts.get(letter.feedId) ?? 0) + 1);
    if (this.#counts.get(letter.feedId) === 1) {
      this.#options.log.warn('an event of this feed could not be delivered and was put aside', {
        feed: letter.feedId,
        server: letter.serverId,
        reason: letter.reason,
        detail: letter.detail,
        file: this.path,
      });
    }
  }

  // A part of a line must not become the beginning of the next one.
  async #cutBack(): Promise<void> {
    try {
      await this.#file.truncate(this.#bytes);
    } catch (error) {
      this.#options.log.error('a dead letter is only half on disk and can not be cut off', {
        file: this.path,
        error: messageOf(error),
      });
    }
  }

  #full(why: string, cause?: unknown): ForwarderError {
    return new ForwarderError('dead_letter_full', `no more fits into ${this.path}: ${why}`, {
      remedy: 'retry',
      scope: 'feed',
      hint: 'Look into the file why events are put aside, move it away and restart duologsync; if the disk is full, make room.',
      cause,
    });
  }
}

/** One line of the file; `text` where the bytes are UTF-8, else `base64`. */
function recordOf(letter: DeadLetter, nowMs: number): Readonly<Record<string, string>> {
  const bytes = Buffer.from(letter.bytes);
  const text = bytes.toString('utf8');
  const content = Buffer.from(text).equals(bytes) ? { text } : { base64: bytes.toString('base64') };
  return {
    at: new Date(nowMs).toISOString(),
    feed: letter.feedId,
    server: letter.serverId,
    event: letter.eventId,
    time: isoTime(letter.timeMs),
    reason: letter.reason,
    detail: letter.detail,
    ...content,
  };
}
