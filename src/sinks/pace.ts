import type { Clock } from '../core/clock.ts';
import { abortable } from './waiting.ts';

/** Spreads lines over time: before each piece it waits until the pieces before it are paid for. */
export class Pace {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #freeAtMs = 0;

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** Rejects with the signal's reason. */
  async take(lines: number, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const startMs = Math.max(nowMs, this.#freeAtMs);
    this.#freeAtMs = startMs + (lines * 1000) / this.#perSecond;
    if (startMs > nowMs) await abortable(this.#clock.sleep(startMs - nowMs, signal), signal);
  }
}
