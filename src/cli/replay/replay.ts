import type { Config, ServerConfig } from '../../config/schema.ts';
import { ForwarderError } from '../../core/errors.ts';
import type { Account, Line, Origin } from '../../core/types.ts';
import { wholeLines } from '../../dead-letter/whole-lines.ts';
import { formatterFor } from '../../destinations.ts';
import { endpoints } from '../../endpoints/index.ts';
import { Sender, type SenderTools } from '../dead-letter/sender.ts';
import { Tally } from '../dead-letter/tally.ts';
import { type ArchiveFile, archiveUnreadable, orderOf } from './archive-files.ts';
import { archivedLine, type Stretch } from './archived-line.ts';
import { type Progress, saveProgress } from './progress.ts';

export interface ReplayOptions extends SenderTools, Stretch {
  readonly config: Config;
  readonly files: readonly ArchiveFile[];
  readonly to: ServerConfig;
  readonly dryRun: boolean;
  /** This machine's name. */
  readonly sender: string;
  /** Where to go on, and the place where that is noted. */
  readonly from: Progress | undefined;
  readonly progressFile: string;
  readonly key: string;
}

/** So much is sent and noted together: a kill in between repeats no more. */
const mostLines = 1_000;
const mostBytes = 1_000_000;

/** Sends archived rows to a server, in order, and notes what it has confirmed. Throws `replay_…`. */
export async function replay(options: ReplayOptions): Promise<Tally> {
  const run = new Replay(options);
  try {
    return await run.all();
  } finally {
    await run.close();
  }
}

/** Before anything is sent: throws `replay_not_json` when a file holds lines of another format. */
export async function mustBeJson(files: readonly ArchiveFile[]): Promise<void> {
  for (const { path } of files) {
    const lines = wholeLines(path);
    try {
      const { done, value } = await lines.next();
      // A row that is damaged is left later, and the rest goes.
      if (done !== true && value.length > 0 && value[0] !== brace) throw notJson(path);
      if (done !== true) await lines.return(value);
    } catch (error) {
      throw error instanceof ForwarderError ? error : archiveUnreadable(path, error);
    }
  }
}

function notJson(path: string): ForwarderError {
  return new ForwarderError(
    'replay_not_json',
    `${path} is not JSON: only an archive in JSON can be replayed, other formats do not hold the whole event`,
    {
      remedy: 'stop',
      hint: 'Duo keeps 180 days: duologsync backfill --since … --to SERVER reads them again.',
    },
  );
}

class Replay {
  readonly #options: ReplayOptions;
  readonly #tally = new Tally();
  readonly #sender: Sender;
  #number = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#sender = new Sender(options.to, options);
  }

  async all(): Promise<Tally> {
    const { files, from, dryRun, progressFile, key } = this.#options;
    for (const file of files) {
      const order = orderOf(file);
      if (from !== undefined && order < from.file) continue;
      const begin = order === from?.file ? from.bytes : 0;
      try {
        if (!(await this.#file(file, begin))) return this.#tally;
      } catch (error) {
        throw error instanceof ForwarderError ? error : archiveUnreadable(file.path, error);
      }
    }
    if (!dryRun) await saveProgress(progressFile, key, undefined);
    return this.#tally;
  }

  async close(): Promise<void> {
    await this.#sender.close();
  }

  /** False when it was given up. */
  async #file(file: ArchiveFile, begin: number): Promise<boolean> {
    const { config, to, sender, clock } = this.#options;
    const endpoint = endpoints[file.endpoint];
    const account = accountOf(file, config);
    const origin = { account, endpoint: file.endpoint, sender, sentAtMs: clock.nowMs() };
    const made = { endpoint, formatter: formatterFor(to, config), origin };
    const source = wholeLines(file.path, begin);
    let lines: Line[] = [];
    let [size, end] = [0, begin];
    for (;;) {
      const { done, value } = await source.next();
      if (done === true) {
        if (value.length > 0) this.#tally.left('the last line of a file is not whole');
        break;
      }
      end += value.length + 1;
      const text = value.at(-1) === carriageReturn ? value.subarray(0, -1) : value;
      if (text.length === 0) continue;
      const line = archivedLine(text, String((this.#number += 1)), made, this.#options);
      if (typeof line === 'string') this.#tally.left(line);
      else if (line !== undefined) {
        lines.push(line);
        size += line.bytes.length;
      }
      if (lines.length < mostLines && size < mostBytes) continue;
      if (!(await this.#send(file, lines, origin, end))) return false;
      [lines, size] = [[], 0];
    }
    return this.#send(file, lines, origin, end);
  }

  async #send(
    file: ArchiveFile,
    lines: readonly Line[],
    origin: Origin,
    bytes: number,
  ): Promise<boolean> {
    const { to, dryRun, progressFile, key, sinceMs, untilMs } = this.#options;
    if (dryRun) {
      this.#tally.sent(to.id, lines.length);
      return true;
    }
    if (lines.length === 0) return true;
    const feedId = `${file.endpoint} > ${to.id}`;
    const [outcome] = await this.#sender.send([{ feedId, origin, lines }]);
    if (outcome === undefined) return false;
    this.#tally.sent(to.id, outcome.confirmed.length);
    for (const why of outcome.refused.values()) this.#tally.left(why);
    this.#tally.failure = outcome.failure;
    if (outcome.failure !== undefined) return false;
    await saveProgress(progressFile, key, {
      file: orderOf(file),
      bytes,
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(untilMs === undefined ? {} : { untilMs }),
    });
    return true;
  }
}

const brace = 0x7b;
const carriageReturn = 0x0d;

function accountOf({ accountId }: ArchiveFile, { account }: Config): Account {
  return { id: accountId, name: accountId ?? account.hostname, apiHost: account.hostname };
}
