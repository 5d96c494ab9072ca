import type { RateLimit } from './options.ts';

const minuteMs = 60_000;

/** What Duo grants to one account and endpoint. */
export interface Bucket {
  /** True when a call at that time goes through; counts it. */
  take(nowMs: number): boolean;
}

export function createBucket(limit: RateLimit): Bucket {
  return limit.rejectedCallsCount ? minuteOfCalls(limit) : tokens(limit);
}

/** At most `perMinute` calls in the last minute, refused ones included; waiting helps, retrying does not. */
function minuteOfCalls(limit: RateLimit): Bucket {
  let calls: number[] = [];
  return {
    take(nowMs) {
      calls = calls.filter((atMs) => atMs > nowMs - minuteMs);
      const granted = calls.length < limit.perMinute;
      calls.push(nowMs);
      return granted;
    },
  };
}

function tokens(limit: RateLimit): Bucket {
  const capacity = limit.burst ?? limit.perMinute;
  let left = capacity;
  let sinceMs: number | undefined;
  return {
    take(nowMs) {
      const restedMs = Math.max(0, nowMs - (sinceMs ?? nowMs));
      left = Math.min(capacity, left + (restedMs * limit.perMinute) / minuteMs);
      sinceMs = nowMs;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
