/**
 * How many lines a group may have. Half as many as a group that failed; after a success double again.
 * A size that keeps failing is tried less and less often, so that a slow reader is not sent
 * everything twice.
 */
export class GroupSize {
  readonly #full: number;
  #lines: number;
  #tooMuch: number | undefined;
  #patience = 1;
  #successes = 0;

  constructor(fullLines: number) {
    this.#full = fullLines;
    this.#lines = fullLines;
  }

  get lines(): number {
    return this.#lines;
  }

  failed(lines: number): void {
    if (this.#tooMuch !== undefined && lines >= this.#tooMuch)
      this.#patience = Math.min(64, this.#patience * 2);
    this.#tooMuch = lines;
    this.#successes = 0;
    this.#lines = Math.max(1, Math.floor(lines / 2));
  }

  succeeded(lines: number): void {
    if (this.#tooMuch !== undefined && lines >= this.#tooMuch) {
      this.#tooMuch = undefined;
      this.#patience = 1;
    }
    this.#successes += 1;
    const doubled = Math.min(this.#full, this.#lines * 2);
    if (this.#tooMuch !== undefined && doubled >= this.#tooMuch && this.#successes < this.#patience)
      return;
    this.#lines = doubled;
    this.#successes = 0;
  }
}
