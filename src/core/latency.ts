/** Upper bounds, in seconds, of the buckets in which the durations of calls are counted; the last bucket has none. */
export const latencyBounds: readonly number[] = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** How long calls took: a count for each bucket, and the sum. */
export class Latency {
  readonly buckets: number[] = [...latencyBounds, Infinity].map(() => 0);
  seconds = 0;

  add(seconds: number): void {
    const bound = latencyBounds.findIndex((most) => seconds <= most);
    const at = bound < 0 ? latencyBounds.length : bound;
    this.buckets[at] = (this.buckets[at] ?? 0) + 1;
    this.seconds += seconds;
  }
}

/**
 * The duration that this share of the calls did not exceed, as far as buckets tell: evenly spread within one, and of
 * the last one its lower bound. Undefined without calls.
 */
export function quantile(buckets: readonly number[], share: number): number | undefined {
  const rank = share * buckets.reduce((sum, count) => sum + count, 0);
  if (rank === 0) return undefined;
  let below = 0;
  for (const [at, count] of buckets.entries()) {
    const low = latencyBounds[at - 1] ?? 0;
    const high = latencyBounds[at];
    if (count > 0 && below + count >= rank) {
      return high === undefined ? low : low + ((high - low) * (rank - below)) / count;
    }
    below += count;
  }
  return latencyBounds.at(-1);
}
