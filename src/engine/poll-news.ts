import { ForwarderError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Reading, WindowRules } from './window.ts';

/** What is well when it happens now and then is told when it happens so often in a row. */
const tellAfter = 3;
const minuteMs = 60_000;

type Poll = Pick<Reading, 'more' | 'whole'>;
type Late = Pick<Reading, 'late' | 'lateByMs'>;

/** What a feed's polls tell that no single call does. */
export class PollNews {
  readonly #feedId: string;
  readonly #log: Logger;
  #refusals = 0;
  #brokenOff = 0;
  #toldLateByMs = 0;

  constructor(feedId: string, log: Logger) {
    this.#feedId = feedId;
    this.#log = log;
  }

  /** Duo answered 429, which the limiter waits out; whether it is so often that it is trouble. */
  throttled(): boolean {
    this.#refusals += 1;
    return this.#refusals >= tellAfter;
  }

  /**
   * A page was taken. `well` unless polls had to be broken off again and again: then the error, at the end of
   * each such poll, and nothing while one is under way. `last`: there will be no other poll.
   */
  page({ more, whole }: Poll, last: boolean): 'well' | 'unchanged' | ForwarderError {
    this.#refusals = 0;
    if (whole) this.#brokenOff = 0;
    else if (!more) this.#brokenOff += 1;
    if (this.#brokenOff < (last ? 1 : tellAfter)) return 'well';
    return more ? 'unchanged' : endlessPages();
  }

  /**
   * Events that came later than the look-back reaches were found because the feed is quiet; on a busy one
   * they would be missed. Told once, and again when it is half as late again.
   */
  late({ late, lateByMs }: Late, { lookbackMs }: Pick<WindowRules, 'lookbackMs'>): void {
    if (lateByMs <= lookbackMs || lateByMs < 1.5 * this.#toldLateByMs) return;
    this.#toldLateByMs = lateByMs;
    const minutes = Math.ceil(lateByMs / minuteMs);
    this.#log.warn('Duo showed events later than the look-back reaches', {
      code: 'duo_very_late',
      feed: this.#feedId,
      events: late,
      minutes_late: minutes,
      hint: `These were still found; others that come so late may be missed. Set api.lookback_minutes to more than ${minutes}.`,
    });
  }
}

function endlessPages(): ForwarderError {
  return new ForwarderError('duo_endless_pages', 'Duo’s pages lead in a circle, or to nothing', {
    scope: 'source',
    hint: 'No event is passed over: each poll begins again at the last one that was taken. If it lasts, report it to Duo Support.',
  });
}
