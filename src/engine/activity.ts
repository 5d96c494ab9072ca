import type { Clock } from '../core/clock.ts';

/** What a feed is doing. */
export type Step =
  | 'begin'
  | 'paused'
  | 'next poll'
  | 'limit'
  | 'place'
  | 'duo'
  | 'server'
  | 'save'
  | 'next try'
  | 'ended';

// A remote side, or a person, may take as long as it likes.
const patient: ReadonlySet<Step> = new Set(['paused', 'limit', 'place', 'duo', 'server', 'ended']);
const intervals = 4;

/** The step a feed is at and since when, for status and for the watchdog. */
export class Activity {
  readonly #clock: Clock;
  #step: Step = 'begin';
  #sinceMs: number;
  /** When it is to end by itself. */
  #dueMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = this.#dueMs = clock.monotonicMs();
  }

  get step(): Step {
    return this.#step;
  }

  /** `forMs`: how long a wait is meant to take. */
  at(step: Step, forMs = 0): void {
    this.#step = step;
    this.#sinceMs = this.#clock.monotonicMs();
    this.#dueMs = this.#sinceMs + forMs;
  }

  get lastsMs(): number {
    return this.#clock.monotonicMs() - this.#sinceMs;
  }

  /** No try has begun or ended for four intervals, and nobody but this program can be the reason. */
  isStalled(intervalMs: number): boolean {
    if (patient.has(this.#step)) return false;
    return this.#clock.monotonicMs() - this.#dueMs >= intervals * intervalMs;
  }
}
