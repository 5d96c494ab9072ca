import type { Clock } from '../core/clock.ts';

interface Bucket {
  left: number;
  atMs: number;
}

const perHost = { burst: 10, aSecond: 2 };
const allTogether = { burst: 100, aSecond: 50 };
const mostHosts = 1_000;

/**
 * How often other hosts are answered: the sender's address may be false, and then the answers hit somebody else.
 * A bucket for each host, and one for all of them.
 */
export class QueryLimit {
  readonly #clock: Clock;
  readonly #hosts = new Map<string, Bucket>();
  readonly #all: Bucket;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#all = { left: allTogether.burst, atMs: clock.monotonicMs() };
  }

  allows(host: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#hosts.get(host) ?? { left: perHost.burst, atMs: nowMs };
    // The host that was heard last stands last; the first is forgotten.
    this.#hosts.delete(host);
    this.#hosts.set(host, bucket);
    for (const [oldest] of this.#hosts) {
      if (this.#hosts.size <= mostHosts) break;
      this.#hosts.delete(oldest);
    }
    return take(bucket, perHost, nowMs) && take(this.#all, allTogether, nowMs);
  }
}

function take(bucket: Bucket, { burst, aSecond }: typeof perHost, nowMs: number): boolean {
  bucket.left = Math.min(burst, bucket.left + ((nowMs - bucket.atMs) / 1000) * aSecond);
  bucket.atMs = nowMs;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}
