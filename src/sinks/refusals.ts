import { ForwarderError } from '../core/errors.ts';
import type { Gather, Group } from './gather.ts';

const refusalsUntilSkip = 3;

/**
 * One line that no server takes must not hold up all others; but a server that takes nothing at all
 * must not cost a line, so only a refusal with other groups confirmed since the last one counts.
 */
export class Refusals {
  readonly #gather: Gather;
  #confirmedGroups = 0;

  constructor(gather: Gather) {
    this.#gather = gather;
  }

  groupConfirmed(): void {
    this.#confirmedGroups += 1;
  }

  groupFailed(group: Group, error: ForwarderError): void {
    const writing = group.ends.length === 1 ? group.parts[0]?.writing : undefined;
    if (writing === undefined) return;
    if (writing.refusals === 0 || this.#confirmedGroups > writing.confirmedAtRefusal)
      writing.refusals += 1;
    writing.confirmedAtRefusal = this.#confirmedGroups;
    this.#gather.moveToEnd(writing);
    if (writing.refusals < refusalsUntilSkip) return;
    this.#gather.remove(writing);
    const message = `line ${writing.next} alone was refused ${refusalsUntilSkip} times while others went through: ${error.message}`;
    const details = { remedy: 'skip', scope: 'event', index: writing.next, cause: error } as const;
    writing.done.reject(new ForwarderError('line_refused', message, details));
  }
}
