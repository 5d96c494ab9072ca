import type { Clock } from '../../src/core/clock.ts';

/** Time that passes only in sleep(), to whoever wants to wake first. */
export class VirtualClock implements Clock {
  #nowMs = Date.UTC(2026, 0, 5, 12);
  readonly #sleepers = new Set<{ untilMs: number; wake: () => void }>();
  #running = false;

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper = { untilMs: this.#nowMs + ms, wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', wake, { once: true });
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#sleepers.size > 0) {
      // Whatever can still happen without time passing happens first.
      for (let i = 0; i < 30; i += 1) await Promise.resolve();
      const [first] = [...this.#sleepers].sort((a, b) => a.untilMs - b.untilMs);
      if (first === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, first.untilMs);
      first.wake();
    }
    this.#running = false;
  }
}
