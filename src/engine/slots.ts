import pLimit from 'p-limit';
import { reasonOf } from '../core/abort.ts';

const placesPerServer = 16;

/**
 * A server's places: a feed that has one fetches, formats, delivers and saves; the others wait, so that
 * thousands of feeds behind a dead server hold sixteen pages.
 */
export class Slots {
  readonly #limit = pLimit(placesPerServer);

  get taken(): number {
    return this.#limit.activeCount;
  }

  /** Runs `work` in a place. Who is aborted while still waiting for one leaves at once, with the signal's reason. */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = (): void => reject(reasonOf(signal));
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave, { once: true });
      this.#limit(async () => {
        signal.removeEventListener('abort', leave);
        signal.throwIfAborted();
        return work();
      }).then(resolve, reject);
    });
  }
}
