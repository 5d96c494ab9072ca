import { follow, type Following } from '../core/abort.ts';

interface Signals {
  readonly stop: Following;
  readonly abandon: Following;
}

/**
 * How long a feed may run: until the program's `stop` and `abandon`, or until it alone is to end. Two signals are all
 * that a feed has of it, because thousands of feeds have them.
 */
export class Life {
  readonly #program: readonly [stop: AbortSignal, abandon: AbortSignal];
  #signals: Signals;

  constructor(stop: AbortSignal, abandon: AbortSignal) {
    this.#program = [stop, abandon];
    this.#signals = this.#begin();
  }

  get stop(): AbortSignal {
    return this.#signals.stop.signal;
  }

  get abandon(): AbortSignal {
    return this.#signals.abandon.signal;
  }

  /** The present run is left behind, another has signals of its own. */
  beginAnew(reason: Error): void {
    const before = this.#signals;
    this.#signals = this.#begin();
    before.stop.abort(reason);
    before.abandon.abort(reason);
    release(before);
  }

  end(reason: Error): void {
    this.#signals.stop.abort(reason);
  }

  endNow(reason: Error): void {
    this.#signals.abandon.abort(reason);
  }

  /** It follows the program no more. */
  release(): void {
    release(this.#signals);
  }

  #begin(): Signals {
    const [stop, abandon] = this.#program;
    return { stop: follow(stop), abandon: follow(abandon) };
  }
}

function release({ stop, abandon }: Signals): void {
  stop.release();
  abandon.release();
}
