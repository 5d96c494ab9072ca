export interface BackoffOptions {
  readonly baseMs: number;
  readonly capMs: number;
  /** 0 ≤ random() < 1; tests pass their own. */
  readonly random?: () => number;
}

/** Waits that double up to the cap, each between half and the whole of its step, so that many do not try at once. */
export class Backoff {
  readonly #options: BackoffOptions;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get attempts(): number {
    return this.#attempts;
  }

  /** The next wait in milliseconds, never below `atLeastMs`. */
  next(atLeastMs = 0): number {
    const { baseMs, capMs, random = Math.random } = this.#options;
    const step = Math.min(capMs, baseMs * 2 ** Math.min(this.#attempts, 40));
    this.#attempts += 1;
    return Math.max(atLeastMs, step / 2 + (random() * step) / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
