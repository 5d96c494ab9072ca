import { isoTime } from '../core/iso-time.ts';
import type { Day } from './day.ts';
import type { DuoPart, EndpointCallsPart } from './parts.ts';

export type SnapshotDuo = {
  readonly calls: number;
  readonly rate_limited: number;
  readonly clock_behind_seconds: number;
  readonly last_error: {
    readonly at: string;
    readonly code: string;
    readonly message: string;
  } | null;
  /** Calls, and answers that told to wait (429), in 48 half hours, the newest (under way) last. */
  readonly calls_last_day: readonly number[];
  readonly rate_limited_last_day: readonly number[];
  /** How long half of the calls of the last hour took at most, and 95 of 100; null: there were none. */
  readonly p50_seconds: number | null;
  readonly p95_seconds: number | null;
  readonly endpoints: readonly SnapshotCalls[];
  /** Until when the certificate of the API is valid, of several hosts the earliest; null: none was seen. */
  readonly certificate_ends: string | null;
};

/** What was asked for so often: an endpoint's log, or `accounts`, the list of child accounts. */
export type SnapshotCalls = {
  readonly endpoint: string;
  readonly calls: number;
  readonly rate_limited: number;
  /** That failed otherwise. */
  readonly failed: number;
  readonly p50_seconds: number | null;
  readonly p95_seconds: number | null;
};

export function duoOf(duo: DuoPart, day: Day): SnapshotDuo {
  const { calls, limited, behindMs, lastError, byEndpoint } = duo;
  return {
    calls,
    rate_limited: limited,
    clock_behind_seconds: Math.round(behindMs / 1000),
    last_error:
      lastError === undefined
        ? null
        : { at: isoTime(lastError.atMs), code: lastError.code, message: lastError.message },
    calls_last_day: day.calls,
    rate_limited_last_day: day.limited,
    p50_seconds: day.latency(duo, 0.5),
    p95_seconds: day.latency(duo, 0.95),
    endpoints: [...byEndpoint].map(([endpoint, counts]) => ({
      endpoint,
      ...callsOf(counts),
      p50_seconds: day.latency(duo, 0.5, endpoint),
      p95_seconds: day.latency(duo, 0.95, endpoint),
    })),
    certificate_ends: duo.certificate === undefined ? null : isoTime(duo.certificate.endsMs),
  };
}

function callsOf({ codes }: EndpointCallsPart): {
  calls: number;
  rate_limited: number;
  failed: number;
} {
  const calls = [...codes.values()].reduce((sum, count) => sum + count, 0);
  const of = (ending: string): number => codes.get(ending) ?? 0;
  const limited = of('duo_rate_limited');
  return {
    calls,
    rate_limited: limited,
    failed: calls - limited - of('ok') - of('aborted'),
  };
}
