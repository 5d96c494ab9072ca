import { reasonOf } from '../core/abort.ts';

const placesPerServer = 16;
const placesInTrouble = 8;

/**
 * A server's places: a feed that has one fetches, formats, delivers and saves; the others wait, first come,
 * first served, so that thousands of feeds behind a dead server hold sixteen pages.
 */
export class Slots {
  readonly #places = new Places(placesPerServer);
  readonly #inTrouble = new Places(placesInTrouble);

  get taken(): number {
    return this.#places.taken;
  }

  /**
   * Runs `work` in a place. Who is aborted while still waiting for one leaves at once, with the signal's reason.
   * Who failed before (`inTrouble`) may keep its place until a deadline, so these get half of the places at most:
   * hundreds of accounts whose host is dead must not hold up the others.
   */
  run<T>(signal: AbortSignal, work: () => Promise<T>, inTrouble = false): Promise<T> {
    const run = (): Promise<T> => this.#places.run(signal, work);
    return inTrouble ? this.#inTrouble.run(signal, run) : run();
  }
}

/** Who leaves the queue leaves nothing in it, however long the queue stands. */
class Places {
  readonly #most: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get taken(): number {
    return this.#taken;
  }

  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#take(signal);
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      this.#giveBack();
    }
  }

  #take(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(reasonOf(signal));
      if (this.#taken < this.#most) {
        this.#taken += 1;
        return resolve();
      }
      const leave = (): void => {
        this.#waiting.delete(enter);
        reject(reasonOf(signal));
      };
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** The first who waits takes it over. */
  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#taken -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
