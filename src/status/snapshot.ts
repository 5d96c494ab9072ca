import { isoTime } from '../core/iso-time.ts';
import type { SnapshotBackfill } from './backfill-snapshot.ts';
import { Day } from './day.ts';
import { duoOf, type SnapshotDuo } from './duo-snapshot.ts';
import { addressOf } from './address.ts';
import type { Histories } from './history.ts';
import type { FeedPart, HappenedPart, HeartbeatPart, Kept, Parts, Side } from './parts.ts';
import { isDegraded, type Problem, type ProblemKind, problemsOf } from './problems.ts';

/**
 * How the program is, as `status --json` prints it and as everything else that shows it reads it. Times are
 * ISO 8601 in UTC. Keys are only ever added under one `schema_version`; one that changes its meaning or goes
 * makes a new version. Types and not interfaces: these are JSON values, and the compiler knows it.
 */
export type Snapshot = {
  readonly schema_version: 1;
  /** `degraded`: there is a problem, and not only a warning. */
  readonly state: 'healthy' | 'degraded';
  readonly at: string;
  readonly since: string;
  readonly version: string;
  readonly pid: number;
  readonly config: string;
  readonly state_directory: string;
  readonly problems: readonly SnapshotProblem[];
  readonly totals: SnapshotTotals;
  readonly duo: SnapshotDuo | null;
  readonly servers: readonly SnapshotServer[];
  readonly feeds: readonly SnapshotFeed[];
  /** What happened lately, the newest first. */
  readonly lately: readonly SnapshotHappened[];
  readonly backfill: SnapshotBackfill | null;
};

export type SnapshotProblem = {
  readonly kind: ProblemKind;
  /** `warning`: nothing is wrong yet; it does not make the state degraded. */
  readonly severity: 'problem' | 'warning';
  readonly what: string;
  readonly since: string | null;
  readonly side: Side;
  readonly code: string;
  readonly message: string;
  readonly next_try: string | null;
  readonly remedy: string | null;
  /** How many feeds it holds up. */
  readonly feeds: number;
};

export type SnapshotTotals = {
  readonly feeds: number;
  /** Feeds that nothing holds up. */
  readonly well: number;
  readonly accounts: number;
  readonly delivered: number;
  readonly late: number;
  readonly set_aside: number;
  readonly gaps: number;
  readonly errors: number;
  readonly rate: number;
  /** Events in twelve times five minutes, the newest (under way) last. */
  readonly last_hour: readonly number[];
  /** Events in 48 half hours, the newest (under way) last. */
  readonly last_day: readonly number[];
  readonly oldest_lag_seconds: number | null;
};

/** One notable line of the program's log, or several of the same kind. */
export type SnapshotHappened = {
  readonly at: string;
  readonly level: 'info' | 'warning' | 'error';
  readonly sentence: string;
  readonly code: string | null;
  readonly feed: string | null;
  readonly server: string | null;
  /** How often it was said within a minute or so; of several feeds none is named. */
  readonly times: number;
};

export type SnapshotServer = {
  readonly id: string;
  readonly address: string;
  /** How sure a delivery is: see docs/delivery.md. */
  readonly level: string;
  readonly confirmed_lines: number;
  readonly feeds: number;
  readonly rate: number;
  /** The code of what is wrong with it. */
  readonly problem: string | null;
  /** Until when the certificate is valid that the server showed last; null: none was seen. */
  readonly certificate_ends: string | null;
  /** Until when the one is valid that is shown to the server. */
  readonly client_certificate_ends: string | null;
  readonly heartbeat: SnapshotHeartbeat | null;
};

/** Heartbeats since the start, or since their interval was set. */
export type SnapshotHeartbeat = {
  readonly every_seconds: number;
  readonly sent: number;
  readonly dropped: number;
  readonly last_sent: string | null;
};

export type SnapshotFeed = {
  readonly id: string;
  readonly account: string;
  readonly account_id: string | null;
  readonly endpoint: string;
  readonly server: string;
  readonly phase: string;
  readonly since: string;
  readonly last_event: string | null;
  /** How old the oldest event may be that is not confirmed yet. */
  readonly lag_seconds: number | null;
  /** Events per second, over the last five to ten minutes. */
  readonly rate: number;
  readonly last_hour: readonly number[];
  readonly last_day: readonly number[];
  readonly delivered: number;
  readonly late: number;
  readonly set_aside: number;
  readonly gaps: number;
  readonly errors: number;
  readonly next_try: string | null;
  /** The code of what holds it up. */
  readonly problem: string | null;
};

/** Pure; 10,000 feeds take about 30 ms, and 20 more to become 5 MB of JSON. */
export function snapshotOf(
  parts: Parts,
  histories: Histories,
  kept: Kept,
  day = new Day(),
): Snapshot {
  const { nowMs, pid, version, configFile, stateDirectory } = parts;
  const problems = problemsOf(parts, kept);
  const troubled = new Map(parts.servers.map(({ id, state }) => [id, state.trouble?.code]));
  const feeds = parts.feeds.map((feed) =>
    feedOf(feed, troubled.get(feed.server), histories, day, nowMs),
  );
  return {
    schema_version: 1,
    state: isDegraded(problems) ? 'degraded' : 'healthy',
    at: isoTime(nowMs),
    since: isoTime(parts.startedMs),
    version,
    pid,
    config: configFile,
    state_directory: stateDirectory,
    problems: problems.map(told),
    totals: totalsOf(feeds),
    duo: parts.duo === undefined ? null : duoOf(parts.duo, day),
    servers: serversOf(parts, feeds),
    feeds,
    lately: parts.lately.map(happened),
    backfill: parts.backfill ?? null,
  };
}

function feedOf(
  { id, account, endpoint, server, pausedSinceMs, status }: FeedPart,
  serverProblem: string | undefined,
  histories: Histories,
  day: Day,
  nowMs: number,
): SnapshotFeed {
  const { problem, confirmedToMs } = status;
  const paused = pausedSinceMs !== undefined;
  const lagMs = confirmedToMs === undefined ? undefined : Math.max(0, nowMs - confirmedToMs);
  return {
    id,
    account: account.name,
    account_id: account.id ?? null,
    endpoint,
    server,
    phase: paused ? 'paused' : status.phase,
    since: isoTime(pausedSinceMs ?? status.sinceMs),
    last_event: timeOrNull(status.lastEventMs),
    lag_seconds: lagMs === undefined ? null : Math.round(lagMs / 1000),
    rate: twoDigits(histories.rateOf(id, nowMs)),
    last_hour: histories.countsOf(id),
    last_day: day.countsOf(id),
    delivered: status.delivered,
    late: status.late,
    set_aside: status.setAside,
    gaps: status.gaps,
    errors: status.errors ?? 0,
    next_try: timeOrNull(status.nextTryMs),
    problem: paused ? 'paused' : (problem?.code ?? serverProblem ?? null),
  };
}

function totalsOf(feeds: readonly SnapshotFeed[]): SnapshotTotals {
  const sum = (of: (feed: SnapshotFeed) => number): number =>
    feeds.reduce((total, feed) => total + of(feed), 0);
  const lags = feeds.flatMap(({ lag_seconds: lag }) => lag ?? []);
  return {
    feeds: feeds.length,
    well: feeds.filter(({ problem }) => problem === null).length,
    accounts: new Set(feeds.map(({ account_id: id }) => id)).size,
    delivered: sum(({ delivered }) => delivered),
    late: sum(({ late }) => late),
    set_aside: sum(({ set_aside: aside }) => aside),
    gaps: sum(({ gaps }) => gaps),
    errors: sum(({ errors }) => errors),
    rate: twoDigits(sum(({ rate }) => rate)),
    last_hour: together(feeds.map(({ last_hour: hour }) => hour)),
    last_day: together(feeds.map(({ last_day: day }) => day)),
    oldest_lag_seconds: lags.reduce<number | null>((a, b) => Math.max(a ?? 0, b), null),
  };
}

function together(counts: readonly (readonly number[])[]): number[] {
  const sums = counts[0]?.map(() => 0) ?? [];
  for (const one of counts) one.forEach((count, at) => (sums[at] = (sums[at] ?? 0) + count));
  return sums;
}

function serversOf({ servers }: Parts, feeds: readonly SnapshotFeed[]): SnapshotServer[] {
  return servers.map((server) => {
    const own = feeds.filter((feed) => feed.server === server.id);
    return {
      id: server.id,
      address: addressOf(server),
      level: server.state.level,
      confirmed_lines: server.state.confirmedLines,
      feeds: own.length,
      rate: twoDigits(own.reduce((total, { rate }) => total + rate, 0)),
      problem: server.state.trouble?.code ?? null,
      certificate_ends: timeOrNull(server.state.certificateEndsMs),
      client_certificate_ends: timeOrNull(server.clientCertificateEndsMs),
      heartbeat: server.heartbeat === undefined ? null : heartbeatOf(server.heartbeat),
    };
  });
}

function happened({ atMs, code, feed, server, ...rest }: HappenedPart): SnapshotHappened {
  const names = { code: code ?? null, feed: feed ?? null, server: server ?? null };
  return { at: isoTime(atMs), ...rest, ...names };
}

function heartbeatOf(heartbeat: HeartbeatPart): SnapshotHeartbeat {
  const { everySeconds, sent, dropped, lastSentMs } = heartbeat;
  return { every_seconds: everySeconds, sent, dropped, last_sent: timeOrNull(lastSentMs) };
}

function told({ sinceMs, nextTryMs, remedy, ...problem }: Problem): SnapshotProblem {
  const { kind, what, side, code, message, feeds } = problem;
  return {
    kind,
    severity: problem.severity ?? 'problem',
    what,
    since: timeOrNull(sinceMs),
    side,
    code,
    message,
    next_try: timeOrNull(nextTryMs),
    remedy: remedy ?? null,
    feeds,
  };
}

function timeOrNull(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : isoTime(timeMs);
}

function twoDigits(rate: number): number {
  return Math.round(rate * 100) / 100;
}
