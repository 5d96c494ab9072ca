import type { Clock } from '../core/clock.ts';
import { isObject } from '../core/row.ts';
import type { JsonValue } from '../core/types.ts';
import type { RateLimiter } from './api.ts';
import { burstOf, lessonFrom, lessonOf, paceOf, type Lesson } from './pace.ts';

export interface RateLimiterOptions {
  readonly clock: Clock;
  /** A fixed pace instead of the one that adapts. */
  readonly perMinute?: number;
  /** What `onLearn` was told before a restart; anything else counts as nothing. */
  readonly learned?: JsonValue | undefined;
  readonly onLearn?: (value: JsonValue) => void;
}

export interface RateLimiterState {
  readonly perMinute: number;
  /** No call goes for so long, because Duo refused. */
  readonly blockedMs: number;
  readonly waiting: number;
}

/** For the calls of one account × endpoint: Duo counts each of these on its own. */
export function createRateLimiter(
  options: RateLimiterOptions,
): RateLimiter & { state(): RateLimiterState } {
  return new AdaptiveLimiter(options);
}

const minuteMs = 60_000;
const shortestBlockMs = minuteMs;
const longestBlockMs = 10 * minuteMs;
/** A little more than the minute that Duo counts, because an answer is noted later than it was counted. */
const countedMs = 65_000;
const tellEachMs = 10 * minuteMs;
/** How often who goes behind looks whether the others are served. */
const behindMs = 250;

class AdaptiveLimiter implements RateLimiter {
  readonly #options: RateLimiterOptions;
  #lesson: Lesson | undefined;
  #toldBusyMs = 0;
  /** Calls that may go now; filled up at the pace, to the burst. */
  #tokens: number;
  #filledMs: number;
  #blockedUntilMs: number;
  #takenMs: number | undefined;
  #refusals = 0;
  #granted: number[] = [];
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(options: RateLimiterOptions) {
    this.#options = options;
    const nowMs = options.clock.monotonicMs();
    this.#lesson = lessonFrom(options.learned);
    this.#tokens = this.#burst();
    this.#filledMs = nowMs;
    this.#blockedUntilMs = nowMs + stillBlockedMs(options);
  }

  state(): RateLimiterState {
    return { perMinute: this.#pace(), blockedMs: this.blockedMs(), waiting: this.#waiting };
  }

  blockedMs(): number {
    return Math.max(0, this.#blockedUntilMs - this.#options.clock.monotonicMs());
  }

  async acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const before = this.#last;
    let leave = (): void => undefined;
    this.#last = new Promise((resolve) => (leave = resolve));
    this.#waiting += 1;
    try {
      await turnAfter(before, signal);
      await this.#take(signal);
    } finally {
      this.#waiting -= 1;
      // Who gave up while others are before him keeps the order for those behind him.
      before.then(leave, leave);
    }
  }

  async acquireBehind(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let delayed = false;
    for (;;) {
      signal.throwIfAborted();
      // Who comes while this one sleeps goes first.
      const least = Math.min(2, this.#burst());
      const waitMs = this.#waiting > 0 ? behindMs : this.#waitMs(clock.monotonicMs(), least);
      if (waitMs <= 0) break;
      delayed = true;
      await clock.sleep(waitMs, signal);
    }
    this.#go(delayed);
  }

  rejected(retryAfterMs = 0): void {
    const { clock, onLearn } = this.#options;
    const nowMs = clock.monotonicMs();
    // A call that was under way when another was refused teaches nothing new.
    const known = this.#blockedUntilMs > nowMs;
    if (!known) {
      this.#refusals += 1;
      this.#learn(nowMs);
    }
    const doubled = shortestBlockMs * 2 ** Math.min(this.#refusals - 1, 10);
    const blockMs = Math.max(retryAfterMs, Math.min(doubled, longestBlockMs));
    if (!known || retryAfterMs > 0) {
      this.#blockedUntilMs = Math.max(this.#blockedUntilMs, nowMs + blockMs);
    }
    this.#tokens = 1;
    this.#filledMs = this.#blockedUntilMs;
    this.#tell(onLearn);
  }

  granted(): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#refusals = 0;
    this.#countGranted(nowMs);
    this.#granted.push(nowMs);
  }

  async #take(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let delayed = false;
    for (;;) {
      const waitMs = this.#waitMs(clock.monotonicMs());
      if (waitMs <= 0) break;
      delayed = true;
      await clock.sleep(waitMs, signal);
      signal.throwIfAborted();
    }
    this.#go(delayed);
  }

  #go(delayed: boolean): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#tokens -= 1;
    if (delayed) this.#countBusy(nowMs);
    this.#takenMs = nowMs;
  }

  /** Until `least` calls may go at once. */
  #waitMs(nowMs: number, least = 1): number {
    if (nowMs < this.#blockedUntilMs) return this.#blockedUntilMs - nowMs;
    const perMs = this.#pace() / minuteMs;
    const filled = this.#tokens + Math.max(0, nowMs - this.#filledMs) * perMs;
    this.#tokens = Math.min(filled, this.#burst());
    this.#filledMs = Math.max(nowMs, this.#filledMs);
    // A clock that counts in whole milliseconds must not leave a call waiting for a rounding error.
    const missing = least - this.#tokens;
    return missing <= 1e-6 ? 0 : Math.max(1, Math.ceil(missing / perMs));
  }

  #learn(nowMs: number): void {
    if (this.#options.perMinute !== undefined) return;
    this.#lesson = lessonOf(this.#pace(), this.#countGranted(nowMs));
  }

  #countBusy(nowMs: number): void {
    if (this.#lesson === undefined || this.#takenMs === undefined) return;
    const busyMs = Math.min(nowMs - this.#takenMs, minuteMs / this.#pace());
    this.#lesson = { ...this.#lesson, busyMs: this.#lesson.busyMs + busyMs };
    if (this.#lesson.busyMs - this.#toldBusyMs >= tellEachMs) this.#tell(this.#options.onLearn);
  }

  #countGranted(nowMs: number): number {
    this.#granted = this.#granted.filter((timeMs) => timeMs > nowMs - countedMs);
    return this.#granted.length;
  }

  #pace(): number {
    return this.#options.perMinute ?? paceOf(this.#lesson);
  }

  #burst(): number {
    return this.#options.perMinute === undefined ? burstOf(this.#lesson) : 1;
  }

  #tell(onLearn: RateLimiterOptions['onLearn']): void {
    if (this.#lesson === undefined) return;
    this.#toldBusyMs = this.#lesson.busyMs;
    const blockedUntilMs = Math.ceil(this.#options.clock.nowMs() + this.blockedMs());
    onLearn?.({ ...this.#lesson, blockedUntilMs });
  }
}

function stillBlockedMs({ clock, learned }: RateLimiterOptions): number {
  const until = isObject(learned) ? learned['blockedUntilMs'] : undefined;
  if (typeof until !== 'number') return 0;
  return Math.min(Math.max(0, until - clock.nowMs()), longestBlockMs);
}

/** Resolves when all before are served or gone; rejects at once when aborted. */
function turnAfter(before: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    before.then(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, reject);
  });
}
