import type { Group } from './gather.ts';

interface Confirmed {
  readonly payload: Buffer;
  readonly ends: readonly number[];
  /** Times it was sent again, in part or in whole. */
  replays: number;
  /** Lines of the present replay that are confirmed. */
  next: number;
}

export interface ReplayPiece {
  readonly payload: Buffer;
  readonly lines: number;
}

// A group that went again twice does not go a third time: repeats must not grow with failures.
const mostReplays = 2;

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

  confirmed({ payload, ends }: Group): void {
    if (this.#groups === 0) return;
    this.#last.push({ payload, ends, replays: 0, next: 0 });
    if (this.#last.length > this.#groups) this.#last.shift();
  }

  /** A run of connections failed. */
  failed(): void {
    for (const group of this.#last) group.next = 0;
    this.#pending = this.#last.filter(({ replays }) => replays < mostReplays);
  }

  /** What goes next, at most `maxLines` of it. */
  next(maxLines: number): ReplayPiece | undefined {
    const group = this.#pending[0];
    if (group === undefined) return undefined;
    const to = Math.min(group.ends.length, group.next + maxLines);
    const start = group.ends[group.next - 1] ?? 0;
    return { payload: group.payload.subarray(start, group.ends[to - 1]), lines: to - group.next };
  }

  /** The server answered and the piece goes out. */
  sending(): void {
    const group = this.#pending[0];
    if (group?.next === 0) group.replays += 1;
  }

  /** The piece is confirmed. */
  sent(piece: ReplayPiece): void {
    const group = this.#pending[0];
    if (group === undefined) return;
    group.next += piece.lines;
    if (group.next >= group.ends.length) this.#pending.shift();
  }
}
