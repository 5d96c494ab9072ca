import type { Clock } from '../core/clock.ts';
import type { Connection, Dialer } from './connection.ts';
import type { SinkTiming } from './sink.ts';
import { onAbort } from './waiting.ts';

export interface VigilOptions {
  readonly dialer: Dialer;
  readonly clock: Clock;
  /** How long it lasts; there is none when nothing is ever replayed. */
  readonly timing: Pick<SinkTiming, 'vigilMs' | 'replayGroups'>;
  /** The server has died, or cannot be reached. */
  readonly died: () => void;
}

// What follows at once needs none.
const restMs = 100;

/**
 * After the last group for now a connection is kept for a while. A server that crashes then may have read that group
 * without storing it; started again by its service manager it would be back before anything else is sent, and nobody
 * would notice. It ends the connection as it dies, and for a moment nothing listens there; one that
 * only ends what is idle still listens.
 */
export class Vigil {
  readonly #options: VigilOptions;
  #over: AbortController | undefined;

  constructor(options: VigilOptions) {
    this.#options = options;
  }

  /** Resolves when it is over, for whatever reason. */
  begin(): Promise<void> {
    this.end();
    const { vigilMs, replayGroups } = this.#options.timing;
    if (vigilMs === 0 || replayGroups === 0) return Promise.resolve();
    this.#over = new AbortController();
    return this.#keep(this.#over.signal);
  }

  /** Something is sent again, or the sink is closed. */
  end(): void {
    this.#over?.abort(new Error('the vigil is over'));
    this.#over = undefined;
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { clock, timing, died } = this.#options;
    await clock.sleep(restMs, signal);
    if (await this.#isGone(signal, timing.vigilMs)) return died();
    // Ended by the server: does anybody still listen?
    if (!signal.aborted && (await this.#isGone(signal, 0))) died();
  }

  /** Keeps a connection until the server ends it. True: there was none to be had. */
  async #isGone(signal: AbortSignal, ms: number): Promise<boolean> {
    const { dialer, clock } = this.#options;
    if (signal.aborted) return false;
    const connection = await dialer.connect(signal).catch(() => undefined);
    if (connection === undefined) return !signal.aborted;
    const over = new AbortController();
    const quiet = onAbort(signal, () => over.abort());
    const ended = untilEnd(connection, over);
    await clock.sleep(ms, over.signal);
    quiet();
    if (!ended()) this.end();
    connection.socket.destroySoon();
    return false;
  }
}

/** Aborts `over` when the server ends the connection; tells whether it has. */
function untilEnd({ socket }: Connection, over: AbortController): () => boolean {
  let hasEnded = false;
  const end = (): void => {
    hasEnded = true;
    over.abort();
  };
  socket.once('end', end).once('close', end).on('error', end).resume();
  return () => hasEnded;
}
