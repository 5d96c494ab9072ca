import type { Config, ServerConfig } from '../../config/schema.ts';
import type { Batch, Line, Origin } from '../../core/types.ts';
import type { StoredLetter } from '../../dead-letter/letter.ts';
import { readResent, resentPath, saveResent } from '../../dead-letter/resent.ts';
import { LetterLines } from './letter-line.ts';
import { Sender, type SenderTools } from './sender.ts';
import { type Filters, isMeant, storedLetters } from './stored-letters.ts';
import { Tally } from './tally.ts';

export interface ResendOptions extends SenderTools, Filters {
  readonly config: Config;
  readonly state: string;
  /** Instead of each letter's own server. */
  readonly to?: ServerConfig;
  readonly dryRun: boolean;
  /** This machine's name. */
  readonly sender: string;
}

/** So many are sent and marked together: a kill in between repeats no more. */
const mostTogether = 1_000;

/** Sends letters that are not marked yet, and marks each when its server has confirmed it. Never changes the letters. */
export async function resendLetters(options: ResendOptions): Promise<Tally> {
  const run = new Resend(options);
  try {
    await run.all();
    return run.tally;
  } finally {
    await run.close();
  }
}

interface Waiting {
  readonly server: ServerConfig;
  readonly feedId: string;
  readonly origin: Origin;
  readonly lines: Line[];
}

class Resend {
  readonly tally = new Tally();
  readonly #options: ResendOptions;
  readonly #lines: LetterLines;
  readonly #senders = new Map<string, Sender>();
  readonly #waiting = new Map<string, Waiting>();
  #together = 0;

  constructor(options: ResendOptions) {
    this.#options = options;
    this.#lines = new LetterLines(options.config);
  }

  async all(): Promise<void> {
    const { state, dryRun } = this.#options;
    const path = resentPath(state);
    const { letters, files } = await readResent(path);
    const marked = new Set(letters);
    const seen = new Set<string>();
    const flush = async (): Promise<void> => {
      const confirmed = await this.#flush();
      for (const id of confirmed) marked.add(id);
      if (confirmed.length > 0) await saveResent(path, { letters: marked, files });
    };
    for await (const letter of storedLetters(state)) {
      if (letter === undefined) {
        this.tally.left('their lines in the file are damaged');
        continue;
      }
      if (seen.has(letter.id)) continue;
      seen.add(letter.id);
      if (marked.has(letter.id) || !isMeant(letter, this.#options)) continue;
      this.#place(letter);
      if (this.#together < mostTogether) continue;
      await flush();
      if (this.tally.failure !== undefined) return;
    }
    await flush();
    // What the program has removed from its file is done with.
    const gone = [...marked].filter((id) => !seen.has(id));
    if (dryRun || gone.length === 0 || this.tally.failure !== undefined) return;
    for (const id of gone) marked.delete(id);
    await saveResent(path, { letters: marked, files });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#senders.values()].map((sender) => sender.close()));
  }

  #place(letter: StoredLetter): void {
    const { to, config, sender, clock } = this.#options;
    const server = to ?? config.servers.find(({ id }) => id === letter.serverId);
    if (server === undefined) {
      const why = `the config has no server ${letter.serverId} any more: name another one by --to`;
      return this.tally.left(why);
    }
    if (server.protocol === 'FILE') {
      const why = `only the program itself writes the archive ${server.id}: name another server by --to`;
      return this.tally.left(why);
    }
    const { account, endpoint, feedId } = letter;
    const key = `${server.id} ${feedId}`;
    const origin = { account, endpoint, sender, sentAtMs: clock.nowMs() };
    const waiting = this.#waiting.get(key) ?? { server, feedId, origin, lines: [] };
    const line = this.#lines.of(letter, server, waiting.origin, to !== undefined);
    if (typeof line === 'string') return this.tally.left(line);
    waiting.lines.push(line);
    this.#waiting.set(key, waiting);
    this.#together += 1;
  }

  /** Resolves to the ids of what was confirmed. */
  async #flush(): Promise<readonly string[]> {
    const byServer = new Map<ServerConfig, Batch[]>();
    for (const { server, ...batch } of this.#waiting.values()) {
      byServer.set(server, [...(byServer.get(server) ?? []), batch]);
    }
    this.#waiting.clear();
    this.#together = 0;
    const confirmed = await Promise.all(
      [...byServer].map(([server, batches]) => this.#send(server, batches)),
    );
    return confirmed.flat();
  }

  async #send(server: ServerConfig, batches: readonly Batch[]): Promise<readonly string[]> {
    const lines = batches.reduce((sum, batch) => sum + batch.lines.length, 0);
    if (this.#options.dryRun) {
      this.tally.sent(server.id, lines);
      return [];
    }
    const outcomes = await this.#sender(server).send(batches);
    for (const { refused, failure } of outcomes) {
      for (const why of refused.values()) this.tally.left(why);
      this.tally.failure ??= failure;
    }
    const confirmed = outcomes.flatMap((outcome) => outcome.confirmed);
    this.tally.sent(server.id, confirmed.length);
    return confirmed.map(({ id }) => id);
  }

  #sender(server: ServerConfig): Sender {
    let sender = this.#senders.get(server.id);
    if (sender === undefined) {
      sender = new Sender(server, this.#options);
      this.#senders.set(server.id, sender);
    }
    return sender;
  }
}
