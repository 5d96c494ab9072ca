/**
 * How many lines a group may have. Half as many as a group that failed; after a success double again,
 * at first up to the full size, and beyond it while groups use what they may have and the server takes
 * them quickly: catching up, a connection for each thousand lines costs more than all else (TLS: 2.7 µs
 * of CPU a line). A size that keeps failing is tried less and less often, so that a slow reader is not
 * sent everything twice.
 */
export class GroupSize {
  readonly #full: number;
  readonly #most: number;
  #lines: number;
  #tooMuch: number | undefined;
  #patience = 1;
  #successes = 0;

  constructor(fullLines: number, growth = 1) {
    this.#full = fullLines;
    this.#most = fullLines * growth;
    this.#lines = fullLines;
  }

  get lines(): number {
    return this.#lines;
  }

  /** How many times the full size it is, for a bound in bytes. */
  get growth(): number {
    return Math.max(1, this.#lines / this.#full);
  }

  failed(lines: number): void {
    if (this.#tooMuch !== undefined && lines >= this.#tooMuch)
      this.#patience = Math.min(64, this.#patience * 2);
    this.#tooMuch = lines;
    this.#successes = 0;
    this.#lines = Math.max(1, Math.floor(lines / 2));
  }

  /** `used`: how much of what it might have had the group had, 0 to 1; `quick`: soon confirmed. */
  succeeded(lines: number, used = 1, quick = true): void {
    if (this.#tooMuch !== undefined && lines >= this.#tooMuch) {
      this.#tooMuch = undefined;
      this.#patience = 1;
    }
    this.#successes += 1;
    const grows = quick && used >= 0.5;
    if (this.#lines >= this.#full && !grows) {
      if (!quick || used < 0.25) this.#lines = Math.max(this.#full, Math.floor(this.#lines / 2));
      return;
    }
    const most = this.#lines < this.#full ? this.#full : this.#most;
    const doubled = Math.min(most, this.#lines * 2);
    if (this.#tooMuch !== undefined && doubled >= this.#tooMuch && this.#successes < this.#patience)
      return;
    this.#lines = doubled;
    this.#successes = 0;
  }
}
