import { serverOptions } from '../../destinations.ts';
import type { ServerConfig } from '../../config/schema.ts';
import type { Clock } from '../../core/clock.ts';
import { asForwarderError, ForwarderError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { Batch, Learned, Line } from '../../core/types.ts';
import { sinks } from '../../sinks/index.ts';
import { defaultTiming, type Sink, type SinkTiming } from '../../sinks/sink.ts';
import { giveUpAfterSeconds, untilStuck } from '../stuck.ts';

export interface SenderTools {
  readonly clock: Clock;
  readonly log: Logger;
  readonly learned: Learned;
  /** Seconds without anything confirmed after which it is given up; default as for `--once`. */
  readonly giveUp?: number;
  /** Tests pass a short one. */
  readonly timing?: SinkTiming;
}

export interface Outcome {
  readonly confirmed: readonly Line[];
  /** Lines that this server does not take, and why. */
  readonly refused: ReadonlyMap<Line, string>;
  /** Set when it was given up; what is in neither of the two is left. */
  readonly failure?: ForwarderError;
}

/** Sends lines to one server through its ordinary sink, and ends where the program would wait for ever. */
export class Sender {
  readonly #server: ServerConfig;
  readonly #tools: SenderTools;
  readonly #sink: Sink;
  readonly #tooLong = new Set<string>();
  #writing = 0;

  constructor(server: ServerConfig, tools: SenderTools) {
    this.#server = server;
    this.#tools = tools;
    const { clock, log, learned, timing = defaultTiming } = tools;
    this.#sink = sinks[server.protocol].open(serverOptions(server), {
      clock,
      log,
      learned,
      timing,
      // What does not fit is in the file already.
      deadLetters: { add: async ({ eventId }) => void this.#tooLong.add(eventId) },
      slotsTaken: () => this.#writing,
    });
  }

  /** All at the same time, so that they share their groups. The ids of lines are unique. Never rejects. */
  async send(batches: readonly Batch[]): Promise<readonly Outcome[]> {
    const { clock, giveUp } = this.#tools;
    const seconds = giveUp ?? giveUpAfterSeconds(1, [this.#server.max_events_per_second]);
    const [ended, gaveUp] = [new AbortController(), new AbortController()];
    const progress = (): string => String(this.#sink.state().confirmedLines);
    const watch = untilStuck(progress, () => seconds * 1000, clock, ended.signal).then((stuck) => {
      if (stuck) gaveUp.abort(this.#stuck(seconds));
    });
    this.#writing = batches.length;
    const outcomes = await Promise.all(batches.map((batch) => this.#write(batch, gaveUp.signal)));
    ended.abort();
    await watch;
    return outcomes;
  }

  async close(): Promise<void> {
    await this.#sink.close();
  }

  async #write(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const refused = new Map<Line, string>();
    const confirmed: Line[] = [];
    const take = (lines: readonly Line[]): void => {
      for (const line of lines) {
        if (this.#tooLong.has(line.id)) refused.set(line, this.#tooLongFor());
        else confirmed.push(line);
      }
    };
    try {
      for (let rest = batch.lines; rest.length > 0;) {
        try {
          await this.#sink.write({ ...batch, lines: rest }, signal);
          take(rest);
          break;
        } catch (error) {
          const { remedy, index = -1, message } = asForwarderError(error);
          const line = remedy === 'skip' ? rest[index] : undefined;
          if (line === undefined) throw error;
          take(rest.slice(0, index));
          refused.set(line, message);
          rest = rest.slice(index + 1);
        }
      }
      return { confirmed, refused };
    } catch (error) {
      return { confirmed, refused, failure: asForwarderError(error) };
    } finally {
      this.#writing -= 1;
    }
  }

  #tooLongFor(): string {
    return `too long for a datagram to ${this.#server.id}: name a TCP or TLS server by --to`;
  }

  #stuck(seconds: number): ForwarderError {
    const { trouble } = this.#sink.state();
    const why = trouble === undefined ? '' : `: ${trouble.message}`;
    return new ForwarderError(
      'resend_stuck',
      `${this.#server.id} confirmed nothing for ${seconds} s${why}`,
      { hint: 'Run the same command again when it is back: it goes on where this one ended.' },
    );
  }
}
