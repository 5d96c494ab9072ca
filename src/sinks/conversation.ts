import type { ForwarderError } from '../core/errors.ts';
import { type Connection, reset } from './connection.ts';
import { closedEarly, connectionBroken, notClosed, serverError, stalled } from './errors.ts';
import type { Machine } from './machine.ts';
import { type Payload, Pieces } from './payload.ts';
import { isReset, wasReset } from './peer-end.ts';
import type { ServerOptions, SinkTools } from './sink.ts';
import { txQueue } from './tx-queue.ts';
import { deferred } from './waiting.ts';

/** What must have happened before a group counts as confirmed. */
export type Goal = 'drained' | 'transport' | 'none';

export interface ConversationTools extends Pick<SinkTools, 'clock' | 'timing'> {
  readonly server: ServerOptions;
  readonly machine: Machine;
}

// A TLS record's size; small enough that a slow peer's progress shows in every deadline. A quick peer
// gets more at a time, because each slice costs a turn.
const sliceBytes = 16_384;
const mostSliceBytes = 131_072;
const quickMs = 10;
const mostMisses = 20;

/** One connection, from its first byte to its end. */
export class Conversation {
  readonly #connection: Connection;
  readonly #tools: ConversationTools;
  readonly #broken = deferred<never>();
  readonly #ended = deferred<void>();
  #handedBytes = 0;
  #finished = false;
  #over: ForwarderError | undefined;

  /** `whenOver` is called once when the connection is of no more use, except by `close`. */
  constructor(
    connection: Connection,
    tools: ConversationTools,
    whenOver: (error: ForwarderError) => void = () => undefined,
  ) {
    this.#connection = connection;
    this.#tools = tools;
    const { socket, transport } = connection;
    const { server } = tools;
    const over = (error: ForwarderError): void => {
      if (this.#over !== undefined) return;
      this.#over = error;
      this.#broken.reject(error);
      whenOver(error);
    };
    socket.on('end', () => {
      if (wasReset(transport)) over(connectionBroken(server));
      else if (this.#finished) this.#ended.resolve();
      else over(closedEarly(server));
    });
    socket.on('error', (error) => over(serverError(error, server)));
    socket.on('close', () => over(connectionBroken(server)));
    // What the server says is not for us, but its end can only be seen by reading.
    socket.resume();
  }

  get isOpen(): boolean {
    return this.#over === undefined && !this.#finished;
  }

  /**
   * Resolves when the payload is confirmed at the goal's level; `drained` uses the connection up.
   * Throws a ForwarderError otherwise, `server_not_closing` when all was taken and only the peer's
   * end is missing; the caller then closes or abandons the connection.
   */
  async send(payload: Payload, goal: Goal): Promise<void> {
    const done = new AbortController();
    try {
      await Promise.race([
        this.#talk(payload, goal),
        this.#broken.promise,
        this.#stall(done.signal),
      ]);
      if (goal === 'drained') this.close();
    } catch (error) {
      throw serverError(this.#over ?? error, this.#tools.server);
    } finally {
      done.abort();
    }
  }

  /** Ends the connection in good order. */
  close(): void {
    this.#over ??= connectionBroken(this.#tools.server);
    const { socket, transport } = this.#connection;
    if (this.#finished) {
      socket.destroy();
      transport.destroy();
    } else {
      socket.destroySoon();
    }
  }

  /** Ends the connection at once; a `send` under way is rejected. */
  abandon(): void {
    this.#broken.reject((this.#over ??= connectionBroken(this.#tools.server)));
    reset(this.#connection);
  }

  async #talk(payload: Payload, goal: Goal): Promise<void> {
    const { clock } = this.#tools;
    const startMs = clock.monotonicMs();
    let most = sliceBytes;
    const pieces = new Pieces(payload);
    while (!pieces.isOver) {
      const slice = pieces.next(most);
      const sentMs = clock.monotonicMs();
      await this.#write(slice);
      this.#handedBytes += slice.length;
      const isQuick = clock.monotonicMs() - sentMs < quickMs;
      most = isQuick ? Math.min(mostSliceBytes, most * 2) : sliceBytes;
    }
    if (goal === 'none') return;
    await this.#untilTaken(clock.monotonicMs() - startMs);
    if (goal === 'transport') return;
    if (isReset(this.#connection.transport)) throw connectionBroken(this.#tools.server);
    // Set in the callback itself: the peer's end may be the very next event.
    this.#connection.socket.end(() => (this.#finished = this.#over === undefined));
    await this.#ended.promise;
  }

  #write(slice: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#connection.socket.write(slice, (error) => (error ? reject(error) : resolve()));
    });
  }

  // Our end goes out only when the peer's kernel has every line: a process that closes without having
  // read them all then causes a reset, and an end that was on its way already is seen as early.
  async #untilTaken(tookMs: number): Promise<void> {
    const { clock, machine } = this.#tools;
    const { signal } = new AbortController();
    const roundTripMs = Math.max(1, this.#connection.roundTripMs);
    // The kernel's table may miss a socket while it changes, but not again and again.
    let misses = machine.seesTxQueue ? 0 : mostMisses;
    // The peer is about as quick with what is queued as it was before, and a look reads all sockets.
    const firstMs = Math.min(50, Math.max(1, tookMs));
    for (let waitMs = firstMs; this.#over === undefined; waitMs = Math.min(50, waitMs * 2)) {
      await clock.sleep(waitMs, signal);
      if (this.#over !== undefined) break;
      const queued = await this.#queued();
      if (queued === 0) return;
      if (queued !== undefined || (misses += 1) <= mostMisses) continue;
      await clock.sleep(roundTripMs, signal);
      if (this.#over === undefined) return;
    }
    throw this.#over;
  }

  #queued(): Promise<number | undefined> {
    return txQueue(this.#connection.transport, this.#tools.machine);
  }

  // Progress is what our kernel took, whose room is bounded, and what the peer's took (where ours tells). The
  // kernel's table is looked at only when nothing else tells of progress: a look goes through all of it.
  async #stall(done: AbortSignal): Promise<void> {
    const { clock, timing, server } = this.#tools;
    const pollMs = Math.min(1_000, Math.max(5, timing.progressMs / 10));
    let handedBytes = -1;
    let bestBytes = Number.NEGATIVE_INFINITY;
    let sinceMs = clock.monotonicMs();
    while (!done.aborted) {
      await clock.sleep(pollMs, done);
      if (done.aborted) return;
      if (this.#handedBytes > handedBytes) {
        handedBytes = this.#handedBytes;
        sinceMs = clock.monotonicMs();
        continue;
      }
      const queued = (await this.#queued()) ?? 0;
      const nowMs = clock.monotonicMs();
      if (this.#handedBytes - queued > bestBytes) {
        bestBytes = this.#handedBytes - queued;
        sinceMs = nowMs;
      } else if (nowMs - sinceMs >= timing.progressMs) {
        const missingEnd = this.#finished && queued === 0;
        const waiting = queued + this.#connection.socket.writableLength;
        throw missingEnd
          ? notClosed(server, timing.progressMs)
          : stalled(server, timing.progressMs, waiting);
      }
    }
  }
}
