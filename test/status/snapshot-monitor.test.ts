import { describe, expect, it } from 'vitest';
import { failure } from '../../src/duo/failures.ts';
import { Histories } from '../../src/status/history.ts';
import { Monitor } from '../../src/status/monitor.ts';
import type { Parts } from '../../src/status/parts.ts';
import { snapshotOf } from '../../src/status/snapshot.ts';
import type { Clock } from '../../src/core/clock.ts';
import { feedPart, nothingKept, nowMs, parts, refused, serverPart } from './parts.ts';

const quietDay = Array<number>(48).fill(0);

describe('the snapshot', () => {
  it('of a healthy program says so, and holds everything that status prints', () => {
    const histories = new Histories();
    const before = [feedPart('auth'), feedPart('activity', { lastEventMs: undefined })];
    histories.sample(before, nowMs - 60_000);
    const feeds = [feedPart('auth', { delivered: 120, late: 1 }), before[1] ?? feedPart('x')];
    histories.sample(feeds, nowMs);
    const hour = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 120];
    expect(snapshotOf(parts({ feeds }), histories, nothingKept)).toEqual({
      schema_version: 1,
      state: 'healthy',
      at: '2026-11-22T02:30:00.000Z',
      since: '2026-11-19T02:30:00.000Z',
      version: '3.0.0',
      pid: 4121,
      config: '/etc/duologsync/config.yml',
      state_directory: '/var/lib/duologsync/duologsync-x',
      problems: [],
      totals: {
        feeds: 2,
        well: 2,
        accounts: 1,
        delivered: 120,
        late: 1,
        set_aside: 0,
        gaps: 0,
        errors: 0,
        rate: 2,
        last_hour: hour,
        last_day: quietDay,
        oldest_lag_seconds: 12,
      },
      duo: {
        calls: 100,
        rate_limited: 2,
        clock_behind_seconds: 0,
        certificate_ends: null,
        last_error: null,
        calls_last_day: quietDay,
        rate_limited_last_day: quietDay,
        p50_seconds: null,
        p95_seconds: null,
        endpoints: [],
      },
      servers: [
        {
          id: 'siem',
          address: 'tcp://siem.example.org:514',
          level: 'drained',
          confirmed_lines: 42,
          feeds: 2,
          rate: 2,
          problem: null,
          certificate_ends: null,
          client_certificate_ends: null,
          heartbeat: null,
        },
      ],
      feeds: [
        {
          id: 'auth > siem',
          account: 'api-1.example',
          account_id: null,
          endpoint: 'auth',
          server: 'siem',
          phase: 'running',
          since: '2026-11-22T01:30:00.000Z',
          last_event: '2026-11-22T02:29:40.000Z',
          lag_seconds: 12,
          rate: 2,
          last_hour: hour,
          last_day: quietDay,
          delivered: 120,
          late: 1,
          set_aside: 0,
          gaps: 0,
          errors: 0,
          next_try: null,
          problem: null,
        },
        expect.objectContaining({ id: 'activity > siem', last_event: null, rate: 0 }),
      ],
      lately: [],
      backfill: null,
    });
  });

  it('is degraded by a server, a feed or a person alone, and every feed names what holds it up', () => {
    const problem = failure('duo_forbidden', 'no');
    const feeds = [
      feedPart('auth', { phase: 'parked', problem, nextTryMs: nowMs + 1_000 }),
      feedPart('activity', {}, { pausedSinceMs: nowMs }),
      feedPart('telephony'),
      feedPart('adminaction', {}, { server: 'other' }),
    ];
    const servers = [serverPart('siem', refused), serverPart('other')];
    const degraded = snapshotOf(parts({ feeds, servers }), new Histories(), nothingKept);
    expect(degraded.state).toBe('degraded');
    expect(degraded.feeds.map((feed) => [feed.problem, feed.phase])).toEqual([
      ['duo_forbidden', 'parked'],
      ['paused', 'paused'],
      ['server_refused', 'running'],
      [null, 'running'],
    ]);
    expect(degraded.totals).toMatchObject({ feeds: 4, well: 1 });
    expect(degraded.problems.map(({ code, feeds: n }) => [code, n])).toEqual([
      ['server_refused', 3],
      ['duo_forbidden', 1],
      ['paused', 1],
    ]);
    const state = (more: object) => snapshotOf(parts(more), new Histories(), nothingKept).state;
    for (const feed of feeds.slice(0, 2)) expect(state({ feeds: [feed] })).toBe('degraded');
    expect(state({ feeds: [feedPart('auth')], servers: [serverPart('siem', refused)] })).toBe(
      'degraded',
    );
  });

  it('tells what happened lately with the time in ISO 8601', () => {
    const names = { code: 'server_refused', feed: undefined, server: 'siem' };
    const lately = [{ atMs: nowMs, level: 'info', sentence: 'server is back', ...names, times: 2 }];
    const told = snapshotOf(parts({ lately } as Partial<Parts>), new Histories(), nothingKept);
    expect(told.lately).toEqual([
      { ...lately[0], atMs: undefined, at: '2026-11-22T02:30:00.000Z', feed: null },
    ]);
  });

  it('is JSON: nothing in it is undefined or a date', () => {
    const snapshot = snapshotOf(parts(), new Histories(), nothingKept);
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  });
});

describe('the monitor', () => {
  it('counts now and then, so that a snapshot shows an hour at once', async () => {
    let delivered = 0;
    let now = nowMs;
    let looks = 0;
    const stop = new AbortController();
    const clock: Pick<Clock, 'nowMs' | 'monotonicMs' | 'sleep'> = {
      nowMs: () => now,
      monotonicMs: () => now,
      sleep: async (ms) => {
        now += ms;
        delivered += 10;
        if ((looks += 1) === 90) stop.abort();
      },
    };
    const monitor = new Monitor({
      parts: () => parts({ nowMs: now, feeds: [feedPart('auth', { delivered })] }),
      kept: async () => ({ gaps: 2, deadLetters: 0 }),
      clock,
    });
    await monitor.run(stop.signal);
    const { totals, problems } = await monitor.snapshot();
    expect(totals.last_hour).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 290, 300, 300, 10]);
    expect(problems.map(({ what }) => what)).toEqual(['2 gaps']);
  });

  it('keeps the last count of what it cannot read for a moment', async () => {
    let fails = false;
    const kept = async () => {
      if (fails) throw new Error('EIO');
      return { gaps: 1, deadLetters: 0 };
    };
    const monitor = new Monitor({ parts: () => parts(), kept, clock: fakeClock });
    expect((await monitor.snapshot()).problems).toHaveLength(1);
    fails = true;
    expect((await monitor.snapshot()).problems).toHaveLength(1);
  });

  const fakeClock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async () => undefined,
  };
});
