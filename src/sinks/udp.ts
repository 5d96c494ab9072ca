import type { Socket } from 'node:dgram';
import { Backoff } from '../core/backoff.ts';
import { asForwarderError, ForwarderError, systemCode } from '../core/errors.ts';
import type { Batch, DeadLetter, Line, Mark } from '../core/types.ts';
import { type BeatLine, beatOverUdp } from './beat.ts';
import type { Report } from './connection.ts';
import { place, serverError } from './errors.ts';
import { type Machine, thisMachine } from './machine.ts';
import { Pace } from './pace.ts';
import type { ServerOptions, Sink, SinkState, SinkTools, SinkType } from './sink.ts';
import { Trouble } from './trouble.ts';
import { openDatagrams, sendDatagram } from './udp-socket.ts';
import { abortable, onAbort } from './waiting.ts';

export const UDP: SinkType = {
  summary: 'One datagram per event over UDP; nobody confirms it.',
  confirms: 'none',
  open: (server, tools) => openUdp(server, tools),
};

export function openUdp(server: ServerOptions, tools: SinkTools, machine = thisMachine): Sink {
  return new UdpSink(server, tools, machine);
}

// RFC 768 and RFC 791: 65,535 bytes less the headers of IP and UDP; one more is EMSGSIZE (measured).
const mostBytes = 65_507;
// A page sent at once is mostly lost in the receiver's buffer: 92 of 20,000 arrived (measured).
const defaultPerSecond = 1_000;
const mostAtOnce = 32;
const newline = Buffer.from('\n');

/** One write and what came of it so far: no line goes to the dead letters twice. */
interface Sending {
  readonly batch: Batch;
  readonly tooLong: Set<Line>;
  readonly putAside: Set<Line>;
}

class UdpSink implements Sink {
  readonly #server: ServerOptions;
  readonly #tools: SinkTools;
  readonly #machine: Machine;
  readonly #trouble: Trouble;
  readonly #backoff: Backoff;
  readonly #pace: Pace;
  readonly #atOnce: number;
  readonly #closing = new AbortController();
  #opening: Promise<Socket> | undefined;
  #turn: Promise<void> = Promise.resolve();
  #retryAtMs = 0;
  #failures = 0;
  #lastError: ForwarderError | undefined;
  #sentLines = 0;

  constructor(server: ServerOptions, tools: SinkTools, machine: Machine) {
    const { clock, log, timing } = tools;
    const perSecond = server.maxEventsPerSecond ?? defaultPerSecond;
    this.#server = server;
    this.#tools = tools;
    this.#machine = machine;
    this.#trouble = new Trouble(server, clock, log);
    this.#backoff = new Backoff({ baseMs: timing.backoffBaseMs, capMs: timing.backoffCapMs });
    this.#pace = new Pace(perSecond, clock);
    this.#atOnce = Math.max(1, Math.min(mostAtOnce, Math.floor(perSecond)));
  }

  async restore(): Promise<void> {
    // What was sent as a datagram can not be taken back.
  }

  async write(batch: Batch, signal: AbortSignal): Promise<Mark | undefined> {
    signal.throwIfAborted();
    if (batch.lines.length === 0) return undefined;
    const stop = new AbortController();
    const quiet = [signal, this.#closing.signal].map((outer) =>
      onAbort(outer, () => stop.abort(outer.reason)),
    );
    const sending: Sending = { batch, tooLong: new Set(), putAside: new Set() };
    try {
      while (!(await this.#attempt(sending, stop.signal)));
      this.#sentLines += batch.lines.length - sending.tooLong.size;
      return undefined;
    } finally {
      for (const done of quiet) done();
    }
  }

  async beat(line: BeatLine, signal: AbortSignal): Promise<void> {
    const { socket } = await openDatagrams(this.#server, this.#tools, this.#machine, signal);
    await beatOverUdp(socket, { ...this.#tools, server: this.#server }, line, signal);
  }

  async check(report: Report, signal: AbortSignal): Promise<void> {
    const opened = await openDatagrams(this.#server, this.#tools, this.#machine, signal);
    opened.socket.close();
    report('resolve', opened.address);
    report('send', 'UDP gives no answer: whether events arrive shows only at the server');
  }

  flush(): void {
    // Nothing waits for company here.
  }

  state(): SinkState {
    return this.#trouble.state('none', this.#sentLines);
  }

  async close(): Promise<void> {
    this.#closing.abort(
      new ForwarderError('sink_closed', `the socket to ${this.#server.id} is closed for good`, {
        scope: 'server',
      }),
    );
    await this.#drop();
  }

  // True when the kernel took the batch and no ICMP error came during it or shortly after.
  async #attempt(sending: Sending, signal: AbortSignal): Promise<boolean> {
    const { clock, timing } = this.#tools;
    const waitMs = this.#retryAtMs - clock.monotonicMs();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    signal.throwIfAborted();
    const failures = this.#failures;
    try {
      await this.#inTurn(signal, () => this.#sendAll(sending, failures, signal));
      await clock.sleep(timing.settleMs, signal);
      signal.throwIfAborted();
      if (failures !== this.#failures) return false;
      await this.#putAside(sending, signal);
      this.#backoff.reset();
      this.#trouble.ends();
      return true;
    } catch (error) {
      signal.throwIfAborted();
      // Another batch's attempt may have told of the same failure already.
      if (failures === this.#failures) this.#failed(error);
      return false;
    }
  }

  // One batch at a time, in the order of arrival.
  async #inTurn(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(async () => {
      signal.throwIfAborted();
      await work();
    });
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  async #sendAll(sending: Sending, failures: number, signal: AbortSignal): Promise<void> {
    const lines = sending.batch.lines.filter((line) => !sending.tooLong.has(line));
    for (let at = 0; at < lines.length; at += this.#atOnce) {
      const some = lines.slice(at, at + this.#atOnce);
      await this.#pace.take(some.length, signal);
      const socket = await abortable(this.#socket(), signal);
      for (const line of some) if (!(await fits(socket, line))) sending.tooLong.add(line);
      if (failures !== this.#failures) throw this.#lastError ?? new Error('the socket failed');
    }
  }

  // Retried by itself: a full dead-letter file must not make the datagrams go out again and again.
  async #putAside({ batch, tooLong, putAside }: Sending, signal: AbortSignal): Promise<void> {
    for (const line of tooLong) {
      while (!putAside.has(line)) {
        try {
          await this.#tools.deadLetters.add(this.#letter(batch, line), signal);
          putAside.add(line);
        } catch (error) {
          signal.throwIfAborted();
          const known = asForwarderError(error, 'dead_letter_failed');
          this.#trouble.begins(known);
          await this.#tools.clock.sleep(this.#backoff.next(known.retryAfterMs), signal);
          signal.throwIfAborted();
        }
      }
    }
  }

  #letter({ feedId, origin }: Batch, line: Line): DeadLetter {
    return {
      feedId,
      account: origin.account,
      endpoint: origin.endpoint,
      serverId: this.#server.id,
      eventId: line.id,
      timeMs: line.timeMs,
      reason: 'oversize',
      detail: `${line.bytes.length + 1} bytes do not fit into one datagram to ${place(this.#server)}`,
      line: line.bytes,
      ...(line.row === undefined ? {} : { row: line.row }),
    };
  }

  #socket(): Promise<Socket> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<Socket> {
    const { signal } = this.#closing;
    const { socket } = await openDatagrams(this.#server, this.#tools, this.#machine, signal);
    // ICMP errors come here, after the sends that caused them were reported as done.
    socket.on('error', (error) => this.#failed(error));
    return socket;
  }

  #failed(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    const known =
      error instanceof ForwarderError ? error : asForwarderError(serverError(error, this.#server));
    this.#failures += 1;
    this.#lastError = known;
    this.#trouble.begins(known);
    this.#retryAtMs = this.#tools.clock.monotonicMs() + this.#backoff.next(known.retryAfterMs);
    void this.#drop();
  }

  // The name is resolved anew with the next socket.
  async #drop(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    try {
      (await opening)?.close();
    } catch {
      // It was never opened, or is closed already.
    }
  }
}

/** Sends one line; false when it is too long for a datagram. */
async function fits(socket: Socket, line: Line): Promise<boolean> {
  if (line.bytes.length + 1 > mostBytes) return false;
  try {
    await sendDatagram(socket, [line.bytes, newline]);
    return true;
  } catch (error) {
    // Systems have lower limits than the protocol: macOS takes 9,216 bytes.
    if (systemCode(error) === 'EMSGSIZE') return false;
    throw error;
  }
}
