/** Buckets of five minutes: an hour. 288 of them are a day. */
const defaultBuckets = 12;
const defaultBucketMs = 300_000;

interface Counted {
  readonly id: string;
  readonly status: { readonly delivered: number; readonly createdMs?: number };
}

interface Ring {
  seen: number;
  readonly counts: Uint32Array;
  readonly sinceMs: number;
}

/**
 * How many events each feed delivered, in a ring of buckets, taken from the feeds' counters now and then, so that
 * the way of an event knows nothing of it. Memory: 3.5 MB for 10,000 feeds and an hour, 23 MB for a day.
 */
export class Histories {
  readonly #buckets: number;
  readonly #bucketMs: number;
  #rings = new Map<string, Ring>();
  /** Number of the newest bucket since the epoch. */
  #at = 0;

  constructor(buckets = defaultBuckets, bucketMs = defaultBucketMs) {
    this.#buckets = buckets;
    this.#bucketMs = bucketMs;
  }

  /** Counts what came since the last call; feeds that are gone are forgotten. */
  sample(feeds: readonly Counted[], nowMs: number): void {
    this.#moveTo(nowMs);
    const kept = new Map<string, Ring>();
    const column = this.#at % this.#buckets;
    for (const { id, status } of feeds) {
      const ring = this.#rings.get(id) ?? {
        seen: 0,
        counts: new Uint32Array(this.#buckets),
        // The first look may come long after the feed, and after much that it delivered.
        sinceMs: Math.min(status.createdMs ?? nowMs, nowMs),
      };
      // A feed that was made anew counts from zero again.
      const fresh = status.delivered - (status.delivered < ring.seen ? 0 : ring.seen);
      ring.counts[column] = (ring.counts[column] ?? 0) + fresh;
      ring.seen = status.delivered;
      kept.set(id, ring);
    }
    this.#rings = kept;
  }

  /** Events in each bucket, the newest (under way) last. */
  countsOf(id: string): number[] {
    const counts = this.#rings.get(id)?.counts;
    const ordered = new Array<number>(this.#buckets);
    for (let back = 0; back < this.#buckets; back += 1) {
      ordered[back] = counts?.[(this.#at + 1 + back) % this.#buckets] ?? 0;
    }
    return ordered;
  }

  /** Events per second in the bucket under way and the one before it. */
  rateOf(id: string, nowMs: number): number {
    const ring = this.#rings.get(id);
    if (ring === undefined) return 0;
    const column = this.#at % this.#buckets;
    const before = (this.#at + this.#buckets - 1) % this.#buckets;
    const events = (ring.counts[column] ?? 0) + (ring.counts[before] ?? 0);
    const spanMs = this.#bucketMs + (nowMs - this.#at * this.#bucketMs);
    // A clock that was set back, or a feed of this very second, must not make a rate out of nothing.
    const seconds = Math.max(1, Math.min(spanMs, nowMs - ring.sinceMs) / 1000);
    return events / seconds;
  }

  #moveTo(nowMs: number): void {
    const bucket = Math.floor(nowMs / this.#bucketMs);
    // A clock that was set back counts on in the newest bucket, until its time comes again.
    const steps = Math.min(bucket - this.#at, this.#buckets);
    for (let step = 1; step <= steps; step += 1) {
      const column = (bucket - steps + step) % this.#buckets;
      for (const { counts } of this.#rings.values()) counts[column] = 0;
    }
    this.#at = Math.max(this.#at, bucket);
  }
}
