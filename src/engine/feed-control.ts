import type { Clock } from '../core/clock.ts';
import { abortable } from '../core/abort.ts';

/** What a person can do to a feed while it runs; forgotten when the program ends. */
export class FeedControl {
  #pausedSinceMs: number | undefined;
  #resumed: Promise<void> | undefined;
  #resume = (): void => undefined;
  readonly #sleepers = new Set<() => void>();
  /** It pauses by itself after the first poll beyond so many since it was started. */
  mostCycles = Infinity;
  /** Leaves the present run behind and begins anew; nothing while there is none. */
  restart: () => void = () => undefined;

  /** Unix time; undefined: it is not paused. */
  get pausedSinceMs(): number | undefined {
    return this.#pausedSinceMs;
  }

  get isPaused(): boolean {
    return this.#pausedSinceMs !== undefined;
  }

  /** A page under way is finished; nothing more is asked for. */
  pause(nowMs: number): void {
    if (this.#pausedSinceMs !== undefined) return;
    this.#pausedSinceMs = nowMs;
    this.#resumed = new Promise((resolve) => (this.#resume = resolve));
    // Who waits for another reason is to wait for this one.
    this.wake();
  }

  resume(): void {
    this.#pausedSinceMs = undefined;
    this.#resumed = undefined;
    this.#resume();
  }

  /** Ends a wait before the next try. */
  wake(): void {
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Resolves when the feed may go on: at once unless it is paused. Rejects with the signal's reason. */
  async passed(signal: AbortSignal): Promise<void> {
    while (this.#resumed !== undefined) await abortable(this.#resumed, signal);
  }

  /** As the clock's, but ends early when the feed is woken. */
  async sleep(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
    await sleepUnless(this.#sleepers, ms, clock, signal);
  }
}

/** Sleeps until the time is over, the signal is aborted, or the function that stands in `sleepers` meanwhile is called. */
export function sleepUnless(
  sleepers: Set<() => void>,
  ms: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      sleepers.delete(wake);
      resolve();
    };
    sleepers.add(wake);
    // Who is woken early leaves a timer behind until its time: seldom, and cheaper than a signal for every sleep.
    void clock.sleep(ms, signal).then(wake);
  });
}
