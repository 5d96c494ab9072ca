import type { Group } from './gather.ts';
import type { Payload } from './payload.ts';

interface Confirmed {
  readonly payload: Payload;
  /** Times it was sent again as a whole. */
  replays: number;
  /** Lines of the present replay that are confirmed. */
  next: number;
  /** The server failed again in the middle of the present replay. */
  inDoubt: boolean;
}

export interface ReplayPiece {
  readonly payload: Payload;
}

// A receiver killed again and again may read a group and lose it each time (measured: three times in a row
// when one dies every 50 ms). Only kept from going round for ever: a failure repeats two groups, no more.
const mostReplays = 10;

/**
 * The last groups that were confirmed. A receiver that crashed may have read them without keeping
 * them, so after a failure they go again before anything new.
 */
export class Replay {
  readonly #groups: number;
  #last: Confirmed[] = [];
  #pending: Confirmed[] = [];

  constructor(groups: number) {
    this.#groups = groups;
  }

  get isPending(): boolean {
    return this.#pending.length > 0;
  }

  /** `inDoubt`: another connection has failed since its own was opened, so it may be one of the last before that. */
  confirmed({ payload }: Group, inDoubt = false): void {
    if (this.#groups === 0) return;
    const group = { payload, replays: 0, next: 0, inDoubt: false };
    this.#last.push(group);
    if (this.#last.length > this.#groups) this.#last.shift();
    if (inDoubt) this.#pending = this.#last.filter(({ replays }) => replays < mostReplays);
  }

  /** A run of connections failed. */
  failed(): void {
    const concerned = new Set([...this.#pending, ...this.#last]);
    this.#pending = [...concerned].filter(({ replays }) => replays < mostReplays);
    for (const group of this.#pending) group.inDoubt = group.next > 0;
  }

  /** What goes next, at most `maxLines` of it. */
  next(maxLines: number): ReplayPiece | undefined {
    const group = this.#pending[0];
    if (group === undefined) return undefined;
    return { payload: group.payload.part(group.next, group.next + maxLines) };
  }

  /** The piece is confirmed. */
  sent(piece: ReplayPiece): void {
    const group = this.#pending[0];
    if (group === undefined) return;
    group.next += piece.payload.lines.length;
    if (group.next < group.payload.lines.length) return;
    group.next = 0;
    group.replays += 1;
    const again = group.inDoubt && group.replays < mostReplays;
    group.inDoubt = false;
    if (!again) this.#pending.shift();
  }
}
