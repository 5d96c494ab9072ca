import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';

const tolerableMs = 60_000;
/** The two clocks differ by a little of themselves. */
const leastStepMs = 1_000;

/** The difference between Duo's clock and ours, measured from the Date headers of Duo's answers. */
export class Skew {
  readonly #clock: Clock;
  readonly #log: Logger;
  #offsetMs = 0;
  #reported = false;
  /** Our clock less the one that never jumps, when Duo's time was last learned. */
  #steadyMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Duo's time. */
  nowMs(): number {
    // Whoever sets our clock back must not set Duo's back: with nothing new to ask for, it would not be
    // learned again until the time has passed once more. A jump forward may be a machine that slept.
    const setBackMs = Math.round(this.#steadyMs - this.#aheadMs());
    return this.#clock.nowMs() + this.#offsetMs + (setBackMs > leastStepMs ? setBackMs : 0);
  }

  /**
   * Takes the Date header of an answer that came at `receivedMs` of our clock, after `waitedMs`. Duo wrote
   * it somewhere in that time and cut it to the second, so it proves a range of offsets; inside it nothing
   * is changed, so that a right clock stays as it is and the time does not jitter. Times stay whole.
   */
  learn(date: string | undefined, receivedMs: number, waitedMs: number): void {
    const duoMs = Date.parse(date ?? '');
    if (Number.isNaN(duoMs)) return;
    const lowest = duoMs - receivedMs;
    const highest = duoMs + 999 - (receivedMs - Math.floor(waitedMs));
    this.#offsetMs = Math.min(Math.max(this.#offsetMs, lowest), highest);
    this.#steadyMs = this.#aheadMs();
    this.#report();
  }

  #aheadMs(): number {
    return this.#clock.nowMs() - this.#clock.monotonicMs();
  }

  #report(): void {
    const off = Math.abs(this.#offsetMs) > tolerableMs;
    if (off === this.#reported) return;
    this.#reported = off;
    if (off) {
      this.#log.warn(
        'This machine’s clock differs from Duo’s; calls use Duo’s time. Set the clock.',
        {
          code: 'duo_clock',
          behind_seconds: Math.round(this.#offsetMs / 1000),
        },
      );
    } else {
      this.#log.info('This machine’s clock agrees with Duo’s again.');
    }
  }
}
