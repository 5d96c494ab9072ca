import type { Socket } from 'node:net';
import { once } from 'node:events';
import type { Clock } from '../core/clock.ts';
import type { JsonObject, JsonValue } from '../core/types.ts';
import type { Controls } from './controls.ts';
import {
  answerLine,
  errorLine,
  longestRequest,
  parseRequest,
  protocolVersion,
  type Redact,
  refusal,
} from './protocol.ts';
import type { ConnectionHandler } from './server.ts';
import { type Caller, checkedVerb } from './verbs.ts';

export interface ServeOptions {
  /** What a caller is told at once: pid, since, version, config. */
  readonly describe: () => JsonObject;
  /** Undefined while the program starts or ends. */
  readonly controls: () => Controls | undefined;
  readonly clock: Clock;
  /** Other sides' words may hold what they were sent. */
  readonly redact?: Redact;
  /** How long a caller may take for its request. */
  readonly requestMs?: number;
  /** How long a caller may take for an answer before it is dropped. */
  readonly takeMs?: number;
}

// A snapshot of 10,000 feeds has some megabytes; so many of them may wait for callers at a time.
const mostAtOnce = 16;

/** Speaks the protocol with everybody who connects. Whatever they send, nothing else of the program notices. */
export function serve(options: ServeOptions): ConnectionHandler {
  let under = 0;
  return (socket) => {
    const conversation = new Conversation(socket, options);
    conversation.run(async (line) => {
      if (under >= mostAtOnce) throw busy();
      under += 1;
      try {
        await answer(line, options, conversation);
      } finally {
        under -= 1;
      }
    });
  };
}

async function answer(line: string, options: ServeOptions, caller: Caller): Promise<void> {
  const { verb: word, args } = parseRequest(line);
  const verb = checkedVerb(word, args);
  const controls = options.controls();
  if (controls === undefined) {
    throw refusal('not_ready', 'duologsync starts or ends just now', 'Try again in a moment.');
  }
  const result = await verb.run(args, controls, caller);
  if (result !== undefined) await caller.send(result);
}

class Conversation implements Caller {
  readonly #socket: Socket;
  readonly #options: ServeOptions;
  readonly #gone = new AbortController();
  readonly #asked = new AbortController();
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(socket: Socket, options: ServeOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('close', () => {
      this.#gone.abort(new Error('the caller is gone'));
      this.#asked.abort();
    });
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  run(ask: (line: string) => Promise<void>): void {
    const socket = this.#socket;
    const greeting = { protocol: protocolVersion, ...this.#options.describe() };
    socket.write(`${JSON.stringify(greeting)}\n`);
    void this.#endAfter(this.#options.requestMs ?? 5_000, this.#asked.signal);
    socket.on('data', (chunk: Buffer) => this.#take(chunk, ask));
    // Whoever only looks who is there (the lock) hangs up after the greeting.
    socket.on('end', () => {
      if (!this.#asked.signal.aborted) socket.end();
    });
  }

  async send(result: JsonValue, withinMs?: number): Promise<void> {
    await this.#write(answerLine(result, this.#options.redact), withinMs);
  }

  sleep(ms: number): Promise<void> {
    return this.#options.clock.sleep(ms, this.gone);
  }

  #take(chunk: Buffer, ask: (line: string) => Promise<void>): void {
    this.#length += chunk.length;
    if (this.#asked.signal.aborted) {
      // One request is all there is; more is not even kept.
      if (this.#length > longestRequest) this.#socket.destroy();
      return;
    }
    this.#chunks.push(chunk);
    const end = chunk.indexOf(0x0a);
    if (end < 0 && this.#length <= longestRequest) return;
    this.#asked.abort();
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    const line = bytes.subarray(0, bytes.indexOf(0x0a)).toString('utf8');
    void this.#finish(end < 0 || line.length > longestRequest ? tooLong() : ask(line));
  }

  /** Tells what went wrong, and hangs up. */
  async #finish(asked: Promise<void>): Promise<void> {
    try {
      await asked.catch((error: unknown) => this.#write(errorLine(error, this.#options.redact)));
    } catch {
      // The caller is gone, or was dropped.
    }
    this.#socket.end();
    await this.#endAfter(this.#options.takeMs ?? 30_000, this.gone);
  }

  /** With back-pressure: nothing more is made for who has not taken what there is. */
  async #write(line: string, withinMs = this.#options.takeMs ?? 30_000): Promise<void> {
    this.gone.throwIfAborted();
    if (this.#socket.write(line)) return;
    const taken = new AbortController();
    if (withinMs !== Infinity) void this.#endAfter(withinMs, taken.signal);
    try {
      await once(this.#socket, 'drain', { signal: this.gone });
    } finally {
      taken.abort();
    }
  }

  async #endAfter(ms: number, unless: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(ms, unless);
    if (!unless.aborted) this.#socket.destroy();
  }
}

function tooLong(): Promise<never> {
  const message = `The request is longer than ${longestRequest} bytes`;
  return Promise.reject(refusal('bad_request', message, 'Send one short line of JSON.'));
}

function busy(): Error {
  return refusal('busy', 'Too many callers ask at the same time', 'Try again in a moment.');
}
