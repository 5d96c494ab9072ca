import type { Clock } from '../core/clock.ts';
import type { ForwarderError } from '../core/errors.ts';
import type { Fields, Logger } from '../core/log.ts';
import { Activity } from './activity.ts';

export type Phase = 'starting' | 'catching up' | 'running' | 'retrying' | 'parked' | 'ended';

/** How one feed goes. It logs changes of state, not attempts. */
export class FeedStatus {
  readonly feedId: string;
  readonly activity: Activity;
  phase: Phase = 'starting';
  sinceMs: number;
  problem: ForwarderError | undefined;
  nextTryMs: number | undefined;
  /** New events that Duo gave; the server may not have them yet. */
  received = 0;
  delivered = 0;
  late = 0;
  setAside = 0;
  gaps = 0;
  /** Tries that failed. */
  errors = 0;
  /** Up to when all is confirmed, as far as Duo has shown it; undefined before the first page. */
  confirmedToMs: number | undefined;
  /** The newest event of this start. */
  lastEventMs: number | undefined;
  /** Polls that were read to their end since it was last started, and when the last one was. */
  cycles = 0;
  lastCycleMs: number | undefined;
  readonly createdMs: number;
  /** The time of the last row that was taken before this start, if any was. */
  takenBeforeMs: number | undefined;
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(feedId: string, clock: Clock, log: Logger) {
    this.feedId = feedId;
    this.#clock = clock;
    this.#log = log;
    this.activity = new Activity(clock);
    this.sinceMs = this.createdMs = clock.nowMs();
  }

  /** All is well: the feed waits for new events, or still has a backlog to read. */
  well(phase: 'running' | 'catching up'): void {
    if (this.problem !== undefined) {
      const seconds = Math.round((this.#clock.nowMs() - this.sinceMs) / 1000);
      this.#log.info('The feed is well again', { feed: this.feedId, after_seconds: seconds });
    }
    this.problem = undefined;
    this.nextTryMs = undefined;
    this.#enter(phase);
  }

  /** One line when trouble begins or changes its kind; parked is an error, a retry a warning. */
  trouble(error: ForwarderError, nextTryInMs: number): void {
    const parked = error.remedy === 'park' || error.remedy === 'stop';
    const known = this.problem?.code === error.code;
    this.errors += 1;
    this.problem = error;
    this.nextTryMs = this.#clock.nowMs() + nextTryInMs;
    this.#enter(parked ? 'parked' : 'retrying');
    if (known) return;
    const fields: Fields = {
      feed: this.feedId,
      code: error.code,
      message: error.message,
      next_try_seconds: Math.round(nextTryInMs / 1000),
      hint: error.hint,
    };
    if (parked) this.#log.error('The feed is parked and will test itself again', fields);
    else this.#log.warn('The feed has trouble and tries again', fields);
  }

  confirmed(lines: number, lastEventMs: number | undefined, late: number): void {
    this.delivered += lines;
    this.late += late;
    // A late one may be older than those that are confirmed.
    if (lastEventMs !== undefined)
      this.lastEventMs = Math.max(lastEventMs, this.lastEventMs ?? lastEventMs);
  }

  cycled(): void {
    this.cycles += 1;
    this.lastCycleMs = this.#clock.nowMs();
  }

  ended(): void {
    this.activity.at('ended');
    this.#enter('ended');
  }

  #enter(phase: Phase): void {
    if (this.phase === phase) return;
    this.phase = phase;
    this.sinceMs = this.#clock.nowMs();
  }
}
