import type { Clock } from '../core/clock.ts';
import { ForwarderError } from '../core/errors.ts';
import type { Gather, Group, Writing } from './gather.ts';

const refusalsUntilSkip = 3;

/**
 * One line that a server never takes must not hold up all others; but a server that fails now and
 * then must not cost a line. So a refusal counts only when other groups were confirmed since the one
 * before and nothing else has failed, and the last chance comes after the longest back-off.
 */
export class Refusals {
  readonly #gather: Gather;
  readonly #clock: Clock;
  readonly #pauseMs: number;
  #confirmed = 0;
  #failed = 0;

  constructor(gather: Gather, clock: Clock, pauseMs: number) {
    this.#gather = gather;
    this.#clock = clock;
    this.#pauseMs = pauseMs;
  }

  confirmed(): void {
    this.#confirmed += 1;
  }

  /** `group`: what was refused; undefined when no group was, because nothing was sent. */
  failed(group: Group | undefined, error: ForwarderError): void {
    const writing = group?.payload.lines.length === 1 ? group.parts[0]?.writing : undefined;
    const otherFailures = this.#failed;
    this.#failed += 1;
    if (writing === undefined) return;
    const before = writing.suspicion;
    const counts = before?.failed === otherFailures && this.#confirmed > before.confirmed;
    const refusals = counts ? before.refusals + 1 : 1;
    const pauseMs = refusals > 1 ? this.#pauseMs : 0;
    writing.suspicion = {
      refusals,
      confirmed: this.#confirmed,
      failed: this.#failed,
      notBeforeMs: this.#clock.monotonicMs() + pauseMs,
    };
    this.#gather.moveToEnd(writing);
    if (refusals >= refusalsUntilSkip) this.#giveUp(writing, error);
  }

  #giveUp(writing: Writing, error: ForwarderError): void {
    this.#gather.remove(writing);
    const message = `line ${writing.next} alone was refused ${refusalsUntilSkip} times while others went through: ${error.message}`;
    const details = { remedy: 'skip', scope: 'event', index: writing.next, cause: error } as const;
    writing.done.reject(new ForwarderError('line_refused', message, details));
  }
}
