import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Clock } from '../core/clock.ts';
import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';
import { isObject } from '../core/row.ts';
import type { JsonObject, JsonValue } from '../core/types.ts';
import { protocolVersion, refusal, resultOf } from './protocol.ts';
import { type SocketPlaceOptions, socketPath } from './socket-path.ts';

export interface CallOptions extends SocketPlaceOptions {
  readonly clock: Clock;
  /** How to start the program, for who finds that it does not run. */
  readonly howToStart: string;
  /** How long the running program may take to greet. */
  readonly greetMs?: number;
  /** How long it may take for an answer. */
  readonly answerMs?: number;
}

/** Who runs, as it greets; what an older or newer one does not say is missing. */
export interface Holder {
  readonly pid?: number;
  readonly since?: string;
  readonly version?: string;
}

/** `do` and its arguments; control/verbs.ts has the list. */
export type Asked = JsonObject & { readonly do: string };

const defaultGreetMs = 5_000;
const defaultAnswerMs = 60_000;
const readyTries = 50;
const longestAnswer = 256 * 1024 * 1024;

/**
 * Asks the running program. Resolves to the result of its answer; rejects with the error that it tells, or
 * with `not_running`, `control_denied`, `control_silent`, `control_version`, `control_lost`, `bad_answer`.
 */
export async function call(asked: Asked, options: CallOptions): Promise<JsonValue> {
  for (let tries = 1; ; tries += 1) {
    const talk = await Talk.begin(options);
    try {
      return resultOf(await talk.ask(asked, options.answerMs ?? defaultAnswerMs));
    } catch (error) {
      const starts = error instanceof ForwarderError && error.code === 'not_ready';
      if (!starts || tries === readyTries) throw error;
    } finally {
      talk.end();
    }
    await options.clock.sleep(200, new AbortController().signal);
  }
}

/** The same for a stream: hands each result on, until the program ends it or `stop`. */
export async function stream(
  asked: Asked,
  options: CallOptions,
  take: (result: JsonValue) => Promise<void> | void,
  stop: AbortSignal,
): Promise<void> {
  const talk = await Talk.begin(options);
  const end = (): void => talk.end();
  stop.addEventListener('abort', end, { once: true });
  try {
    await take(resultOf(await talk.ask(asked, options.answerMs ?? defaultAnswerMs)));
    while (!stop.aborted) {
      const answer = await talk.next(undefined);
      if (answer === undefined) return;
      await take(resultOf(answer));
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    stop.removeEventListener('abort', end);
    talk.end();
  }
}

/** Who runs now; undefined when nobody does. Throws as `call` does. */
export async function holderOf(options: CallOptions): Promise<Holder | undefined> {
  try {
    const talk = await Talk.begin(options);
    talk.end();
    return talk.holder;
  } catch (error) {
    if (error instanceof ForwarderError && error.code === 'not_running') return undefined;
    throw error;
  }
}

class Talk {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #lines: AsyncGenerator<string, undefined>;
  holder: Holder = {};

  static async begin(options: CallOptions): Promise<Talk> {
    const socket = await connected(options);
    const talk = new Talk(socket, options.clock);
    try {
      const greeting = await talk.next(options.greetMs ?? defaultGreetMs);
      if (greeting === undefined) throw lost();
      talk.holder = holderIn(greeting);
      if (greeting['protocol'] !== protocolVersion) throw otherVersion(greeting, talk.holder);
      return talk;
    } catch (error) {
      talk.end();
      throw error;
    }
  }

  private constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    this.#lines = linesOf(socket);
  }

  async ask(asked: Asked, answerMs: number): Promise<JsonObject> {
    this.#socket.write(`${JSON.stringify({ v: protocolVersion, ...asked })}\n`);
    const answer = await this.next(answerMs);
    if (answer === undefined) throw lost();
    return answer;
  }

  /** Undefined when the program has hung up; without a limit it waits for ever. */
  async next(withinMs: number | undefined): Promise<JsonObject | undefined> {
    const come = new AbortController();
    if (withinMs !== undefined) {
      const late = (): void => void this.#socket.destroy(silent(withinMs));
      void this.#clock.sleep(withinMs, come.signal).then(() => come.signal.aborted || late());
    }
    try {
      const { value, done } = await this.#lines.next();
      return done === true || value === undefined ? undefined : objectOf(value);
    } catch (error) {
      throw error instanceof ForwarderError ? error : lost(error);
    } finally {
      come.abort();
    }
  }

  end(): void {
    this.#socket.destroy();
  }
}

async function connected(options: CallOptions): Promise<Socket> {
  let path: string | undefined;
  try {
    path = await socketPath(options);
    const socket = connect(path);
    await once(socket, 'connect');
    // From now on the reader of its lines tells.
    socket.on('error', () => undefined);
    return socket;
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (['EACCES', 'EPERM'].includes(code)) throw denied(path ?? options.stateDirectory);
    // A program that is paused takes no connection; then the kernel's queue fills.
    if (code === 'EAGAIN') throw silent(0);
    if (['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ECONNRESET', 'EPIPE', 'ENOTDIR'].includes(code)) {
      throw refusal('not_running', 'duologsync does not run with this config', options.howToStart);
    }
    throw lost(error);
  }
}

async function* linesOf(socket: Socket): AsyncGenerator<string, undefined> {
  let chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      yield Buffer.concat([...chunks, chunk.subarray(start, end)]).toString('utf8');
      chunks = [];
      length = 0;
      start = end + 1;
    }
    chunks.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > longestAnswer) throw badAnswer();
  }
  return undefined;
}

function objectOf(line: string): JsonObject {
  try {
    const value = JSON.parse(line) as JsonValue;
    if (isObject(value)) return value;
  } catch {
    // Told below.
  }
  throw badAnswer();
}

function holderIn({ pid, since, version }: JsonObject): Holder {
  return {
    ...(typeof pid === 'number' ? { pid } : {}),
    ...(typeof since === 'string' ? { since } : {}),
    ...(typeof version === 'string' ? { version } : {}),
  };
}

function badAnswer(): ForwarderError {
  return refusal(
    'bad_answer',
    'What answers at the socket of duologsync makes no sense',
    'Restart duologsync, so that it is of the same version as this command.',
  );
}

function otherVersion(greeting: JsonObject, { version, pid }: Holder): ForwarderError {
  if (version === undefined && pid === undefined) return badAnswer();
  const { protocol } = greeting;
  const newer = typeof protocol === 'number' && protocol > protocolVersion;
  return refusal(
    'control_version',
    `The running duologsync (${version ?? 'of unknown version'}, pid ${pid ?? 'unknown'}) is ${newer ? 'newer' : 'older'} than this command and is not understood`,
    newer
      ? 'Use the duologsync command that was installed with it.'
      : 'Restart it, so that the version that is installed now runs. Nothing is lost by that.',
  );
}

function silent(ms: number): ForwarderError {
  return refusal(
    'control_silent',
    `duologsync runs but does not answer${ms === 0 ? '' : ` within ${ms / 1000} s`}: it is paused (SIGSTOP, a debugger), or hangs`,
    'Look at the process (state T is paused: kill -CONT), else restart it: what it has not confirmed is sent again, nothing is lost.',
  );
}

function denied(path: string): ForwarderError {
  return refusal(
    'control_denied',
    `duologsync may run, but this user may not talk to it (${path})`,
    'Run this command as the user that runs duologsync, or as administrator (sudo).',
  );
}

function lost(cause?: unknown): ForwarderError {
  const why = cause === undefined ? '' : `: ${messageOf(cause)}`;
  return refusal(
    'control_lost',
    `duologsync hung up before it answered${why}`,
    'It may just be stopping; ask again in a moment, and look into its log.',
  );
}
