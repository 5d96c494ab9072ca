import type { Clock } from '../core/clock.ts';
import type { ForwarderError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { ConfirmLevel, ServerOptions, SinkState } from './sink.ts';

/** The one state of a server: a warning when trouble begins, an info when it ends, silence between. */
export class Trouble {
  /** Tries that failed so far. */
  failures = 0;
  readonly #server: ServerOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #told = new Set<string>();
  #current: NonNullable<SinkState['trouble']> | undefined;
  #sinceMonotonicMs = 0;

  constructor(server: ServerOptions, clock: Clock, log: Logger) {
    this.#server = server;
    this.#clock = clock;
    this.#log = log;
  }

  /** How a server with this trouble goes. */
  state(level: ConfirmLevel, confirmedLines: number): SinkState {
    const state = { level, confirmedLines, reconnects: this.failures };
    return this.#current === undefined ? state : { ...state, trouble: this.#current };
  }

  begins(error: ForwarderError): void {
    this.failures += 1;
    const { code, message, hint } = error;
    const sinceMs = this.#current?.sinceMs ?? this.#clock.nowMs();
    const fields = { server: this.#server.id, code, message, hint };
    if (this.#current === undefined) {
      this.#sinceMonotonicMs = this.#clock.monotonicMs();
      this.#log.warn('server in trouble; lines wait and are sent when it is back', fields);
    } else if (!this.#told.has(code)) {
      this.#log.info('server still in trouble, now for another reason', fields);
    }
    this.#told.add(code);
    this.#current = { sinceMs, code, message, hint, nextTryMs: undefined };
  }

  /** The next try comes so much later. */
  waits(ms: number): void {
    if (this.#current === undefined) return;
    this.#current = { ...this.#current, nextTryMs: this.#clock.nowMs() + ms };
  }

  ends(): void {
    if (this.#current === undefined) return;
    const seconds = Math.round((this.#clock.monotonicMs() - this.#sinceMonotonicMs) / 1000);
    this.#log.info('server is back', {
      server: this.#server.id,
      code: this.#current.code,
      seconds,
    });
    this.#current = undefined;
    this.#told.clear();
  }
}
