const tooMuch: ReadonlySet<string> = new Set([
  'duo_timeout',
  'duo_truncated',
  'duo_body_too_large',
  'duo_bad_json',
]);
const fewest = 10;
const growAfter = 20;

/**
 * How many rows to ask for. Where whole pages do not come through (a slow line, a proxy that cuts long
 * answers, rows of a megabyte) half as many do: halved with every second failure of that kind in a row, at
 * once where more was just tried; doubled after twenty pages.
 */
export class PageSize {
  readonly #most: number;
  #rows: number;
  #failures = 0;
  #pages = 0;

  constructor(most: number) {
    this.#most = most;
    this.#rows = most;
  }

  get rows(): number {
    return this.#rows;
  }

  came(): void {
    this.#failures = 0;
    this.#pages += 1;
    if (this.#rows === this.#most || this.#pages < growAfter) return;
    this.#rows = Math.min(this.#most, this.#rows * 2);
    this.#pages = 0;
    // The first failure with more rows is answer enough.
    this.#failures = 1;
  }

  /** `code`: of the error that came instead of a page. */
  failed(code: string): void {
    if (!tooMuch.has(code)) return;
    this.#failures += 1;
    if (this.#failures < 2) return;
    this.#rows = Math.max(Math.min(fewest, this.#most), Math.floor(this.#rows / 2));
    this.#failures = 0;
    this.#pages = 0;
  }
}
