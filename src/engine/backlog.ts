import type { Clock } from '../core/clock.ts';
import type { OpenWindow } from '../core/cursor.ts';
import type { Logger } from '../core/log.ts';

/** One page of a catch-up. */
export interface BacklogPage {
  readonly rows: number;
  /** How many rows Duo says that the window holds; undefined when it does not say. */
  readonly total: number | undefined;
  readonly window: OpenWindow;
  readonly positionMs: number;
  /** Whether there is more to read at once. */
  readonly more: boolean;
}

const everyMs = 60_000;
/** A shorter backlog is read before anybody has asked. */
const worthTelling = 5_000;

/** Tells in the log how far a catch-up is: at its begin, once a minute, and at its end. */
export class Backlog {
  readonly #feedId: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  #window: string | undefined;
  #rows = 0;
  #sinceMs = 0;
  #fromMs = 0;
  #toldAtMs: number | undefined;

  constructor(feedId: string, clock: Clock, log: Logger) {
    this.#feedId = feedId;
    this.#clock = clock;
    this.#log = log;
  }

  page(page: BacklogPage): void {
    const { window, positionMs } = page;
    const nowMs = this.#clock.monotonicMs();
    const name = `${window.nowMs} ${window.endMs}`;
    if (this.#window !== name) {
      this.#window = name;
      this.#rows = 0;
      this.#sinceMs = nowMs;
      this.#fromMs = Math.min(window.fromMs, positionMs);
    }
    // A window that an earlier process began: what was read of it then is not known.
    const seenFromBegin = this.#rows > 0 || window.offset === undefined;
    this.#rows = seenFromBegin ? this.#rows + page.rows : 0;
    if (!page.more) return this.#done(nowMs);
    const left =
      seenFromBegin && page.total !== undefined ? Math.max(0, page.total - this.#rows) : undefined;
    if (!this.#isDue(nowMs, left)) return;
    this.#toldAtMs = nowMs;
    this.#log.info('The feed catches up', {
      feed: this.#feedId,
      at: new Date(positionMs).toISOString(),
      rows_left: left,
      eta_minutes: this.#minutesLeft(page, left, nowMs),
    });
  }

  #isDue(nowMs: number, left: number | undefined): boolean {
    if (this.#toldAtMs !== undefined) return nowMs - this.#toldAtMs >= everyMs;
    return (left ?? 0) >= worthTelling || nowMs - this.#sinceMs >= everyMs;
  }

  /** By rows where Duo counts them, else by the time that they span; unknown before anything was read. */
  #minutesLeft(page: BacklogPage, left: number | undefined, nowMs: number): number | undefined {
    const passedMs = nowMs - this.#sinceMs;
    const done = left === undefined ? page.positionMs - this.#fromMs : this.#rows - page.rows;
    const todo = left ?? page.window.endMs - page.positionMs;
    if (passedMs <= 0 || done <= 0) return undefined;
    return Math.ceil((todo * passedMs) / done / 60_000);
  }

  #done(nowMs: number): void {
    if (this.#toldAtMs !== undefined) {
      this.#log.info('The feed has caught up', {
        feed: this.#feedId,
        minutes: Math.ceil((nowMs - this.#sinceMs) / 60_000),
      });
    }
    this.#toldAtMs = undefined;
    this.#window = undefined;
  }
}
