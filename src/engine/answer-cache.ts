import type { ApiAnswer } from '../core/types.ts';

/** One request to Duo, shared by all feeds that ask the same. */
export interface Call {
  readonly key: string;
  readonly tick: number;
  /** Leave from the rate limiter. */
  readonly permit: Promise<void>;
  answer: Promise<ApiAnswer> | undefined;
  /** Set when the answer has come. */
  last: boolean;
  /** It failed, or its answer is kept no more: whoever has not had it yet asks anew. */
  dropped?: boolean;
}

/**
 * The calls under way and the newest answer of each source that several servers read: 32 MiB in all,
 * the oldest go first.
 */
export class AnswerCache {
  readonly #maxBytes: number;
  readonly #calls = new Map<string, Call>();
  readonly #sizes = new Map<Call, number>();
  #bytes = 0;

  constructor(maxBytes = 32 * 1024 * 1024) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Call | undefined {
    return this.#calls.get(key);
  }

  add(call: Call): void {
    this.#calls.set(call.key, call);
  }

  /** The answer has come: it takes room from now on. */
  keep(call: Call, size: number): void {
    if (this.#calls.get(call.key) !== call) return;
    this.#sizes.set(call, size);
    this.#bytes += size;
    for (const oldest of this.#sizes.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.drop(oldest);
    }
  }

  drop(call: Call): void {
    this.#bytes -= this.#sizes.get(call) ?? 0;
    this.#sizes.delete(call);
    if (this.#calls.get(call.key) === call) this.#calls.delete(call.key);
    // Thousands of feeds that wait for a place hold their call; they must not hold its page.
    call.dropped = true;
    call.answer = undefined;
  }
}
