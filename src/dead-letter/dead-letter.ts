import { constants, type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { DeadLetter, DeadLetterBox, GapBox } from '../core/types.ts';
import { readKept } from './kept.ts';
import { encodeLetter, letterId } from './letter.ts';
import { makeRoom, planRoom, removeLeftover } from './make-room.ts';
import { readResent, resentPath } from './resent.ts';

export interface DeadLetterOptions {
  /** Where `dead-letters.jsonl` lies; made when missing. */
  readonly directory: string;
  /** Bound of the file in bytes. */
  readonly maxBytes: number;
  /** A full file stops who has a letter, or loses its oldest ones, which are gaps then. */
  readonly whenFull: 'stop' | 'drop_oldest';
  readonly gaps: GapBox;
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

export function lettersPath(stateDirectory: string): string {
  return join(stateDirectory, 'dead-letters.jsonl');
}

/**
 * Opens the one bounded file of events that could not be delivered: JSON lines, readable by the owner
 * only, synced before `add` resolves. A last line that a crash tore is cut off, and what was sent again
 * meanwhile goes. Throws `dead_letter_unusable` (stop) when the file can not be opened.
 */
export async function openDeadLetters(options: DeadLetterOptions): Promise<DeadLetterStore> {
  const path = lettersPath(options.directory);
  const store = new FileDeadLetters(path, options);
  try {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    await removeLeftover(path);
    await store.open();
    return store;
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

/** Names the file that lies at a path; undefined when there is none. */
async function inodeOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path);
    return `${dev} ${ino}`;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

class FileDeadLetters implements DeadLetterStore {
  readonly path: string;
  readonly #options: DeadLetterOptions;
  /** None while the file is rewritten, or could not be opened again. */
  #file: LetterFile | undefined;
  #counts = new Map<string, number>();
  #bytes = 0;
  #inode: string | undefined;
  /** What the list of letters sent again looked like when it was last gone by. */
  #resentSeen = '';
  #isFull = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(path: string, options: DeadLetterOptions) {
    this.path = path;
    this.#options = options;
  }

  async open(): Promise<void> {
    const file = await this.#open();
    const seen = await this.#resentNow();
    if (seen === '' || this.#bytes === 0) return;
    await this.#makeRoom(file, undefined).catch((error: unknown) => {
      // Only then it is needed that there is room.
      this.#options.log.warn('Dead letters that were sent again cannot be removed', {
        file: this.path,
        why: messageOf(error),
      });
    });
    this.#file ??= await this.#open();
  }

  counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  async add(letter: DeadLetter, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const added = this.#turn.then(() => this.#add(letter));
    this.#turn = added.catch(() => undefined);
    await added;
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#file?.close();
  }

  async #add(letter: DeadLetter): Promise<void> {
    const line = encodeLetter(letter, this.#options.clock.nowMs());
    const { maxBytes, whenFull } = this.#options;
    let file: LetterFile;
    try {
      file = await this.#atItsPlace();
      if (this.#bytes + line.length > maxBytes) {
        if (whenFull === 'drop_oldest' && line.length > maxBytes) return await this.#lose(letter);
        file = await this.#freeFor(line.length, file);
      }
    } catch (error) {
      throw this.#full(messageOf(error), 'Free space on that disk.', error);
    }
    if (this.#bytes + line.length > maxBytes) throw this.#full(...this.#reachedItsBound());
    await this.#append(letter, line, file);
  }

  async #append(letter: DeadLetter, line: Buffer, file: LetterFile): Promise<void> {
    try {
      for (let done = 0; done < line.length;) {
        const length = line.length - done;
        done += (await file.write(line, done, length, this.#bytes + done)).bytesWritten;
      }
      await file.sync();
    } catch (error) {
      await this.#cutBack(file);
      throw this.#full(messageOf(error), 'Free space on that disk.', error);
    }
    this.#bytes += line.length;
    this.#counts.set(letter.feedId, (this.#counts.get(letter.feedId) ?? 0) + 1);
    const { log } = this.#options;
    if (this.#isFull) log.info('There is room for dead letters again', { file: this.path });
    this.#isFull = false;
    if (this.#counts.get(letter.feedId) === 1) {
      log.warn('an event of this feed could not be delivered and was put aside', {
        feed: letter.feedId,
        server: letter.serverId,
        reason: letter.reason,
        detail: letter.detail,
        file: this.path,
      });
    }
  }

  /** Room that is to be had by what was sent again, and by dropping if that is wanted. */
  async #freeFor(bytes: number, file: LetterFile): Promise<LetterFile> {
    const { whenFull, maxBytes } = this.#options;
    const isDropping = whenFull === 'drop_oldest';
    // Looked at once for each change: a full file is tried again and again.
    if (!isDropping && (await this.#resentNow()) === this.#resentSeen) return file;
    await this.#makeRoom(file, isDropping ? Math.max(bytes, maxBytes / 4) : undefined);
    return this.#file ?? (await this.#open());
  }

  /** The open file, or a new one when somebody has moved or deleted it: else letters go where nobody finds them. */
  async #atItsPlace(): Promise<LetterFile> {
    const file = this.#file;
    if (file !== undefined && (await inodeOf(this.path)) === this.#inode) return file;
    this.#file = undefined;
    await file?.close();
    await mkdir(this.#options.directory, { recursive: true, mode: 0o700 });
    return this.#open();
  }

  async #makeRoom(file: LetterFile, leastFreeBytes: number | undefined): Promise<void> {
    const { directory, maxBytes, gaps, log } = this.#options;
    const seen = await this.#resentNow();
    const resent = await readResent(resentPath(directory)).catch((error: unknown) => {
      log.warn('Which dead letters were sent again cannot be read', { why: messageOf(error) });
      return { letters: new Set<string>() };
    });
    const plan = await planRoom(this.path, resent.letters, maxBytes, leastFreeBytes);
    this.#resentSeen = seen;
    if (!plan.frees) return;
    // On disk before what they tell of is gone.
    if (plan.gaps.length > 0) await gaps.add(plan.gaps);
    if (plan.damaged > 0) {
      log.warn('Damaged lines of the dead letters are dropped', { lines: plan.damaged });
    }
    this.#file = undefined;
    await file.close();
    await makeRoom(this.path, plan);
    await this.#open();
  }

  async #open(): Promise<LetterFile> {
    const file = await (this.#options.openFile ?? openPrivately)(this.path);
    const kept = await readKept(this.path).catch(async (error: unknown) => {
      await file.close();
      throw error;
    });
    if (kept.tornBytes > 0) {
      await file.truncate(kept.bytes);
      this.#options.log.warn('the last dead letter was cut short by a crash and is removed', {
        file: this.path,
        bytes: kept.tornBytes,
      });
    }
    this.#inode = await inodeOf(this.path);
    this.#bytes = kept.bytes;
    this.#counts = new Map(kept.counts);
    this.#file = file;
    return file;
  }

  /** '' when nothing was ever sent again. */
  async #resentNow(): Promise<string> {
    try {
      const { ino, mtimeMs, size } = await stat(resentPath(this.#options.directory));
      return `${ino} ${mtimeMs} ${size}`;
    } catch {
      return '';
    }
  }

  /** A letter that is larger than the whole file may be. */
  async #lose(letter: DeadLetter): Promise<void> {
    const { feedId, account, endpoint, serverId, timeMs } = letter;
    const reason = '1 dead letter was dropped, it is larger than their file may be';
    const whose = { feedId, account, endpoint, serverId, key: letterId(letter) };
    await this.#options.gaps.add([
      { kind: 'letters', ...whose, fromMs: timeMs, toMs: timeMs, reason },
    ]);
  }

  // A part of a line must not become the beginning of the next one.
  async #cutBack(file: LetterFile): Promise<void> {
    try {
      await file.truncate(this.#bytes);
    } catch (error) {
      this.#options.log.error('a dead letter is only half on disk and can not be cut off', {
        file: this.path,
        error: messageOf(error),
      });
    }
  }

  #reachedItsBound(): [string, string] {
    return [
      `it has reached ${this.#options.maxBytes / 2 ** 20} MiB`,
      'See why with `duologsync dead-letter list`; `duologsync dead-letter resend` makes room at once. Or raise dls_settings.dead_letter_max_mb, or set dead_letter_full: drop_oldest, and restart.',
    ];
  }

  /** Told once, as an error: a feed stands still. */
  #full(why: string, hint: string, cause?: unknown): ForwarderError {
    const error = new ForwarderError('dead_letter_full', `no more fits into ${this.path}: ${why}`, {
      scope: 'feed',
      hint,
      cause,
    });
    if (!this.#isFull) {
      const { code, message } = error;
      this.#options.log.error('There is no room for dead letters; who has one waits', {
        code,
        message,
        hint,
      });
    }
    this.#isFull = true;
    return error;
  }
}
