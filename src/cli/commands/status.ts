import { call, stream } from '../../control/call.ts';
import { ForwarderError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/types.ts';
import { callOptions } from '../ask.ts';
import { tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { placeOf, type StatePlace } from '../state-place.ts';
import { asSnapshot, statusLine, statusText } from '../status-text.ts';
import { terminalOf } from '../terminal.ts';

export interface StatusOptions {
  readonly json?: boolean;
  readonly problems?: boolean;
  readonly all?: boolean;
  readonly watch?: boolean;
  /** Seconds between two looks. */
  readonly every?: number;
}

const askAgainMs = 2_000;
// Cursor home, and clear what is below: no flicker, and the window's history stays.
const redraw = '\u001b[H\u001b[J';

/** Shows how the running program is: 0 healthy, 1 degraded, 69 when it cannot be asked. */
export async function status(
  given: string | undefined,
  options: StatusOptions,
  io: Io,
): Promise<ExitCode> {
  const place = await placeOf(given, io);
  if (place.exit !== undefined) return place.exit;
  try {
    const first = await call({ do: 'status' }, callOptions(place, io));
    if (options.watch !== true) {
      io.stdout.write(textOf(first, options, io));
      return asSnapshot(first).state === 'healthy' ? exitCodes.ok : exitCodes.failure;
    }
    return await watch(place, options, io);
  } catch (error) {
    return tell(error, io);
  }
}

/** Shows it again and again, also over restarts of the program, until Ctrl-C. */
async function watch(place: StatePlace, options: StatusOptions, io: Io): Promise<ExitCode> {
  const stop = new AbortController();
  const end = (): void => stop.abort(new Error('told to stop'));
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];
  for (const signal of signals) io.signals.on(signal, end);
  const seconds = options.every ?? 2;
  const show = (text: string): void => {
    io.stdout.write(terminalOf(io).columns === undefined ? text : `${redraw}${text}`);
  };
  try {
    while (!stop.signal.aborted) {
      try {
        const take = (result: JsonValue): void => show(watchedText(result, options, io));
        await stream({ do: 'watch', seconds }, callOptions(place, io), take, stop.signal);
      } catch (error) {
        if (!(error instanceof ForwarderError)) throw error;
        show(`${new Date(io.clock.nowMs()).toISOString().slice(0, 19)}Z ${error.message}\n`);
      }
      await io.clock.sleep(askAgainMs, stop.signal);
    }
    return exitCodes.ok;
  } finally {
    for (const signal of signals) io.signals.off(signal, end);
  }
}

function watchedText(result: JsonValue, options: StatusOptions, io: Io): string {
  if (options.json === true) return `${JSON.stringify(result)}\n`;
  const { rows, columns } = terminalOf(io);
  if (columns === undefined) return `${statusLine(asSnapshot(result))}\n`;
  const text = textOf(result, options, io);
  // What does not fit would scroll the problems away.
  return rows === undefined
    ? text
    : text
        .split('\n')
        .slice(0, rows - 1)
        .join('\n');
}

function textOf(result: JsonValue, options: StatusOptions, io: Io): string {
  if (options.json === true) return `${JSON.stringify(result, null, 2)}\n`;
  return statusText(asSnapshot(result), {
    terminal: terminalOf(io),
    problemsOnly: options.problems ?? false,
    all: options.all ?? false,
  });
}
