import type { ForwarderError } from '../../core/errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { printable } from '../table.ts';

/** What became of what was to be sent. */
export class Tally {
  readonly #sent = new Map<string, number>();
  readonly #left = new Map<string, number>();
  failure: ForwarderError | undefined;

  sent(server: string, count: number): void {
    this.#sent.set(server, (this.#sent.get(server) ?? 0) + count);
  }

  left(why: string, count = 1): void {
    this.#left.set(why, (this.#left.get(why) ?? 0) + count);
  }

  tell(io: Io, isDry: boolean): ExitCode {
    for (const [server, count] of this.#sent) {
      if (count === 0) continue;
      const what = isDry ? 'would be sent to' : 'sent and confirmed by';
      say(io.stdout, `${count} ${what} ${server}`);
    }
    for (const [why, count] of this.#left) say(io.stdout, `${count} left, ${printable(why)}`);
    if (this.#sent.size + this.#left.size === 0) say(io.stdout, 'Nothing is to be sent.');
    if (this.failure !== undefined) {
      say(io.stderr, `duologsync: ${this.failure.message}`);
      if (this.failure.hint !== undefined) say(io.stderr, `  ${this.failure.hint}`);
      return exitCodes.tryAgain;
    }
    return this.#left.size > 0 ? exitCodes.failure : exitCodes.ok;
  }
}
