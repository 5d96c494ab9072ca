import { quantile } from '../core/latency.ts';
import { Histories } from './history.ts';
import type { DuoPart, EndpointCallsPart, Parts } from './parts.ts';

/** Half hours. */
const dayBuckets = 48;
const dayBucketMs = 1_800_000;

/** What only grows, as the histories count it. */
interface Grown {
  readonly id: string;
  readonly status: { readonly delivered: number };
}

/** What became of feeds and of calls to Duo: in the half hours of a day, and how long calls took in the last hour. */
export class Day {
  readonly #feeds = new Histories(dayBuckets, dayBucketMs);
  readonly #calls = new Histories(dayBuckets, dayBucketMs);
  readonly #latency = new Histories();

  /** Counts what came since the last call. */
  sample({ feeds, duo, nowMs }: Parts): void {
    this.#feeds.sample(feeds, nowMs);
    if (duo === undefined) return;
    this.#calls.sample([grown('calls', duo.calls), grown('limited', duo.limited)], nowMs);
    const endpoints = [...duo.byEndpoint];
    this.#latency.sample(endpoints.flatMap(latencyCounts), nowMs);
  }

  /** Events of a feed, the newest half hour (under way) last. */
  countsOf(feedId: string): number[] {
    return this.#feeds.countsOf(feedId);
  }

  get calls(): number[] {
    return this.#calls.countsOf('calls');
  }

  /** Answers that told to wait. */
  get limited(): number[] {
    return this.#calls.countsOf('limited');
  }

  /** Seconds that this share of an endpoint's calls, or of all, did not exceed in the last hour; null: no calls. */
  latency(duo: DuoPart, share: number, endpoint?: string): number | null {
    const endpoints = [...duo.byEndpoint].filter(
      ([name]) => endpoint === undefined || name === endpoint,
    );
    const sums: number[] = [];
    for (const [name, { latency }] of endpoints) {
      latency.buckets.forEach((_count, at) => {
        const lastHour = this.#latency.countsOf(latencyId(name, at));
        sums[at] = (sums[at] ?? 0) + lastHour.reduce((sum, count) => sum + count, 0);
      });
    }
    const seconds = quantile(sums, share);
    return seconds === undefined ? null : Math.round(seconds * 1000) / 1000;
  }
}

function latencyCounts([name, { latency }]: readonly [string, EndpointCallsPart]): Grown[] {
  return latency.buckets.map((count, at) => grown(latencyId(name, at), count));
}

function latencyId(endpoint: string, bucket: number): string {
  return `${endpoint} ${bucket}`;
}

function grown(id: string, delivered: number): Grown {
  return { id, status: { delivered } };
}
