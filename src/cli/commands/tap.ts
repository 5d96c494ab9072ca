import { once } from 'node:events';
import { stream } from '../../control/call.ts';
import { messageOf, systemCode } from '../../core/errors.ts';
import type { Selection } from '../../core/requests.ts';
import { isObject } from '../../core/row.ts';
import type { JsonObject, JsonValue } from '../../core/types.ts';
import { callOptions } from '../ask.ts';
import { tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { Ink } from '../ink.ts';
import { type Io, say } from '../io.ts';
import { placeOf } from '../state-place.ts';
import { escaped } from '../table.ts';
import { terminalOf } from '../terminal.ts';
import { counted } from '../units.ts';

export interface TapOptions extends Selection {
  /** Ends after so many. */
  readonly lines?: number;
  /** Most lines a second. */
  readonly limit?: number;
  readonly json?: boolean;
}

const usualLimit = 100;
const tellEveryMs = 5_000;

/**
 * Shows lines as servers confirm them, until Ctrl-C, or so many: one a line on stdout and nothing else there. 69
 * when the program ends, or is not there.
 */
export async function tap(
  given: string | undefined,
  { lines, limit = usualLimit, json = false, ...selection }: TapOptions,
  io: Io,
): Promise<ExitCode> {
  const place = await placeOf(given, io);
  if (place.exit !== undefined) return place.exit;
  const stop = new AbortController();
  const end = (): void => stop.abort(new Error('told to stop'));
  let broken: unknown;
  // A reader that has enough (`| head`) ends it quietly.
  const readerLeft = (error: unknown): void => {
    broken ??= systemCode(error) === 'EPIPE' ? undefined : error;
    end();
  };
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];
  for (const signal of signals) io.signals.on(signal, end);
  io.stdout.on('error', readerLeft);
  const printer = new Printer({ lines, limit, json, io });
  try {
    const asked = { do: 'tap', ...selection, limit };
    const take = async (result: JsonValue): Promise<void> => {
      await printer.take(isObject(result) ? result : {}, stop.signal);
      if (printer.isDone) end();
    };
    await stream(asked, callOptions(place, io), take, stop.signal);
    if (broken !== undefined) {
      say(io.stderr, `duologsync: the lines cannot be written: ${messageOf(broken)}`);
      return exitCodes.failure;
    }
    if (stop.signal.aborted) return exitCodes.ok;
    say(io.stderr, 'duologsync: the program has stopped, so nothing more is sent.');
    return exitCodes.unavailable;
  } catch (error) {
    return tell(error, io);
  } finally {
    printer.tellLeftOut();
    for (const signal of signals) io.signals.off(signal, end);
    io.stdout.off('error', readerLeft);
  }
}

interface PrinterOptions {
  readonly lines: number | undefined;
  readonly limit: number;
  readonly json: boolean;
  readonly io: Io;
}

class Printer {
  readonly #options: PrinterOptions;
  readonly #ink: Ink;
  readonly #isTerminal: boolean;
  readonly #isAscii: boolean;
  #left: number;
  #overLimit = 0;
  #notTaken = 0;
  #toldMs: number;

  constructor(options: PrinterOptions) {
    const { io, lines = Infinity } = options;
    const terminal = terminalOf(io);
    this.#options = options;
    this.#ink = new Ink(terminal);
    this.#isTerminal = terminal.columns !== undefined;
    this.#isAscii = terminal.ascii;
    this.#left = lines;
    this.#toldMs = io.clock.monotonicMs();
  }

  /** As many as were asked for have been shown. */
  get isDone(): boolean {
    return this.#left <= 0;
  }

  /** Resolves when whoever reads has taken it: until then the program leaves out what comes. */
  async take(part: JsonObject, stop: AbortSignal): Promise<void> {
    const { io, limit } = this.#options;
    if (typeof part['feeds'] === 'number') {
      const hint = `Lines of ${counted(part['feeds'], 'feed')} as they are confirmed, ${limit} a second at most; Ctrl-C ends it.`;
      if (io.stderr.isTTY === true) say(io.stderr, hint);
    }
    const entries = Array.isArray(part['lines']) ? part['lines'].filter(isObject) : [];
    const shown = entries.slice(0, this.#left);
    this.#left -= shown.length;
    if (shown.length > 0 && !io.stdout.write(shown.map((entry) => this.#text(entry)).join('')))
      await once(io.stdout, 'drain', { signal: stop }).catch(() => undefined);
    // What was left out after the last line that was asked for is nobody's loss.
    if (this.isDone) return;
    this.#overLimit += countIn(part['over_limit']);
    this.#notTaken += countIn(part['not_taken']);
    if (io.clock.monotonicMs() - this.#toldMs >= tellEveryMs) this.tellLeftOut();
  }

  tellLeftOut(): void {
    const [over, slow] = [this.#overLimit, this.#notTaken];
    this.#toldMs = this.#options.io.clock.monotonicMs();
    if (over + slow === 0) return;
    this.#overLimit = this.#notTaken = 0;
    const { limit, io } = this.#options;
    const why = [
      ...(over === 0 ? [] : [`${over} above the limit of ${limit} a second (--limit)`]),
      ...(slow === 0 ? [] : [`${slow} because they are taken too slowly here`]),
    ];
    say(io.stderr, `duologsync: ${counted(over + slow, 'line')} left out: ${why.join(', ')}`);
  }

  /** To a pipe the line as it went; on a terminal whose it is, and nothing that could steer it. */
  #text(entry: JsonObject): string {
    const text = this.#options.json ? JSON.stringify(entry) : textIn(entry['line']);
    if (!this.#isTerminal) return `${text}\n`;
    const visible = escaped(text, this.#isAscii);
    if (this.#options.json) return `${visible}\n`;
    return `${this.#ink.faint(this.#ink.plain(textIn(entry['feed'])))}  ${visible}\n`;
  }
}

function textIn(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function countIn(value: JsonValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}
