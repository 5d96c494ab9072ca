import { describe, expect, it } from 'vitest';
import { Latency } from '../../src/core/latency.ts';
import { Day } from '../../src/status/day.ts';
import { duoOf } from '../../src/status/duo-snapshot.ts';
import { Histories } from '../../src/status/history.ts';
import type { DuoPart } from '../../src/status/parts.ts';
import { snapshotOf } from '../../src/status/snapshot.ts';
import { feedPart, nothingKept, nowMs, parts } from './parts.ts';

const halfHour = 1_800_000;

/** Calls of an endpoint that took so many seconds each. */
function callsOf(codes: Readonly<Record<string, number>>, ...seconds: number[]) {
  const latency = new Latency();
  for (const one of seconds) latency.add(one);
  return { codes: new Map(Object.entries(codes)), latency };
}

function duo(calls: number, limited: number, more: Partial<DuoPart> = {}): DuoPart {
  return { calls, limited, behindMs: 0, byEndpoint: new Map(), ...more };
}

describe('the last day', () => {
  it('counts events in 48 half hours, for each feed and for all', () => {
    const day = new Day();
    const at = (ago: number, delivered: number) =>
      parts({ nowMs: nowMs - ago, feeds: [feedPart('auth', { delivered }), feedPart('activity')] });
    day.sample(at(3 * halfHour, 0));
    day.sample(at(halfHour, 30));
    day.sample(at(0, 35));
    const { feeds, totals } = snapshotOf(at(0, 35), new Histories(), nothingKept, day);
    expect(feeds[0]?.last_day).toEqual([...Array<number>(46).fill(0), 30, 5]);
    expect(totals.last_day).toEqual(feeds[0]?.last_day);
    expect(feeds[1]?.last_day).toEqual(Array(48).fill(0));
  });

  it('counts calls to Duo and the answers that told to wait', () => {
    const day = new Day();
    day.sample(parts({ nowMs: nowMs - halfHour, duo: duo(10, 0) }));
    day.sample(parts({ duo: duo(25, 3) }));
    const told = duoOf(duo(25, 3), day);
    expect(told.calls_last_day.slice(-2)).toEqual([10, 15]);
    expect(told.rate_limited_last_day.slice(-2)).toEqual([0, 3]);
    expect(told.calls_last_day).toHaveLength(48);
  });

  it('tells how long calls took in the last hour, of all and by what they asked for', () => {
    const day = new Day();
    const long = callsOf({ ok: 2 }, 40, 40);
    day.sample(parts({ nowMs: nowMs - 2 * 3_600_000, duo: duo(2, 0, by(long)) }));
    long.latency.add(0.2);
    const quick = callsOf({ ok: 2, duo_rate_limited: 1, duo_timeout: 4, aborted: 5 }, 0.01, 0.01);
    const now = duo(15, 1, { byEndpoint: new Map([...by(long).byEndpoint, ['auth', quick]]) });
    day.sample(parts({ duo: now }));
    const told = duoOf(now, day);
    expect(told.endpoints).toEqual([
      {
        endpoint: 'activity',
        ...{ calls: 2, rate_limited: 0, failed: 0 },
        ...{ p50_seconds: 0.175, p95_seconds: 0.243 },
      },
      {
        endpoint: 'auth',
        ...{ calls: 12, rate_limited: 1, failed: 4 },
        ...{ p50_seconds: 0.025, p95_seconds: 0.048 },
      },
    ]);
    expect(told.p50_seconds).toBeLessThan(0.05);
    expect(told.p95_seconds).toBeGreaterThan(0.1);
  });

  it('knows nothing of calls when there were none', () => {
    expect(duoOf(duo(0, 0), new Day())).toMatchObject({ p50_seconds: null, endpoints: [] });
  });
});

function by(calls: ReturnType<typeof callsOf>): Pick<DuoPart, 'byEndpoint'> {
  return { byEndpoint: new Map([['activity', calls]]) };
}
