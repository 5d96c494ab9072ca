import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/core/clock.ts';

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** Time that passes only while somebody sleeps, and only after all else has come to rest. */
export class TestClock implements Clock {
  readonly startMs = Date.UTC(2026, 0, 10, 12);
  readonly #sleepers = new Set<Sleeper>();
  #nowMs = this.startMs;
  #runs = false;

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - this.startMs;
  }

  /** How long the sleepers still sleep, shortest first. */
  get sleeping(): readonly number[] {
    return [...this.#sleepers].map(({ untilMs }) => untilMs - this.#nowMs).sort((a, b) => a - b);
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper: Sleeper = { untilMs: this.#nowMs + Math.max(0, ms), wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', wake, { once: true });
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#runs) return;
    this.#runs = true;
    while (this.#sleepers.size > 0) {
      for (let i = 0; i < 4; i += 1) await setImmediate();
      const [first] = [...this.#sleepers].sort((a, b) => a.untilMs - b.untilMs);
      if (first === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, first.untilMs);
      first.wake();
    }
    this.#runs = false;
  }
}

/** Lets everything that needs no time come to rest. */
export async function rest(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await setImmediate();
}
