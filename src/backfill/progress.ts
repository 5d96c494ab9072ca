import { isoTime } from '../core/iso-time.ts';
import type { JsonObject, JsonValue } from '../core/types.ts';
import { partOf, type Track } from './track.ts';

export type JobState = 'running' | 'done' | 'incomplete' | 'stopped';

/** What is known of a backfill at a moment. */
export interface JobFacts {
  readonly key: string;
  readonly state: JobState;
  readonly dryRun: boolean;
  /** It had been done before this was asked for. */
  readonly doneMs?: number;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly elapsedMs: number;
  readonly nowMs: number;
  readonly limited: number;
  readonly tracks: readonly Track[];
}

/** One bar: a feed, or all feeds of a log where there are many. */
export interface ProgressRow extends JsonObject {
  readonly name: string;
  readonly endpoint: string;
  readonly feeds: number;
  readonly done: number;
  readonly failed: number;
  readonly state: 'waiting' | 'reading' | 'trouble' | 'done' | 'failed';
  readonly from: string;
  readonly to: string | null;
  /** Up to when it is read. */
  readonly at: string | null;
  readonly sent: number;
  /** Events by Duo's own count; null when it does not say. */
  readonly total: number | null;
  /** 0 to 1. */
  readonly part: number;
  /** Events a second in this run. */
  readonly rate: number;
  readonly eta_seconds: number | null;
}

export interface ProgressProblem extends JsonObject {
  readonly feed: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly next_try: string | null;
}

/** What `duologsync backfill` shows, and prints with --json; keys are only added. */
export interface BackfillProgress extends JsonObject {
  readonly schema_version: 1;
  readonly key: string;
  readonly state: JobState;
  readonly dry_run: boolean;
  readonly done_before: string | null;
  readonly since: string;
  readonly until: string;
  readonly elapsed_seconds: number;
  readonly sent: number;
  readonly set_aside: number;
  readonly rows: readonly ProgressRow[];
  readonly problems: readonly ProgressProblem[];
  readonly problem_count: number;
  readonly duo: { readonly limited: number; readonly wait_seconds: number };
  readonly notes: readonly string[];
}

const mostBars = 12;
const mostProblems = 20;

export function progressOf(facts: JobFacts): BackfillProgress {
  const { key, state, dryRun, doneMs, sinceMs, untilMs, elapsedMs, limited, tracks } = facts;
  const problems = tracks.flatMap((track) => problemOf(track, facts) ?? []);
  const waitMs = Math.max(0, ...tracks.map(waitOf));
  return {
    schema_version: 1,
    ...{ key, state, dry_run: dryRun },
    done_before: doneMs === undefined ? null : isoTime(doneMs),
    since: isoTime(sinceMs),
    until: isoTime(untilMs),
    elapsed_seconds: Math.round(elapsedMs / 1000),
    sent: sumOf(tracks, ({ sent }) => sent),
    set_aside: sumOf(tracks, ({ setAside }) => setAside),
    rows: rowsOf(facts),
    problems: problems.slice(0, mostProblems),
    problem_count: problems.length,
    duo: { limited, wait_seconds: Math.ceil(waitMs / 1000) },
    notes: notesOf(facts),
  };
}

/** All rows in one. */
export interface Whole {
  readonly feeds: number;
  readonly done: number;
  readonly failed: number;
  /** 0 to 1. */
  readonly part: number;
  readonly rate: number;
  /** Null when it is not known yet. */
  readonly etaSeconds: number | null;
}

export function wholeOf({ rows }: Pick<BackfillProgress, 'rows'>): Whole {
  const feeds = sumOf(rows, (row) => row.feeds);
  const etas = rows.flatMap(({ eta_seconds: eta }) => eta ?? []);
  return {
    feeds,
    done: sumOf(rows, ({ done }) => done),
    failed: sumOf(rows, ({ failed }) => failed),
    part: rounded(sumOf(rows, (row) => row.part * row.feeds) / Math.max(1, feeds), 3),
    rate: rounded(
      sumOf(rows, ({ rate }) => rate),
      1,
    ),
    etaSeconds: etas.length < rows.length ? null : Math.max(0, ...etas),
  };
}

function rowsOf(facts: JobFacts): ProgressRow[] {
  const { tracks } = facts;
  if (tracks.length <= mostBars) return tracks.map((track) => rowOf(track.id, [track], facts));
  const byEndpoint = new Map<string, Track[]>();
  for (const track of tracks) {
    const same = byEndpoint.get(track.endpoint);
    if (same === undefined) byEndpoint.set(track.endpoint, [track]);
    else same.push(track);
  }
  return [...byEndpoint].map(([name, same]) => rowOf(name, same, facts));
}

function rowOf(name: string, tracks: readonly Track[], facts: JobFacts): ProgressRow {
  const { elapsedMs } = facts;
  const [first] = tracks;
  const count = (state: Track['state']): number =>
    tracks.filter((track) => track.state === state).length;
  const [done, failed] = [count('done'), count('failed')];
  const part = sumOf(tracks, partOf) / tracks.length;
  const seconds = Math.max(1, elapsedMs / 1000);
  const sentNow = sumOf(tracks, (track) => track.sentNow);
  const sent = sumOf(tracks, (track) => track.sent);
  const totals = tracks.map(({ total }) => total);
  const begins = tracks.flatMap(({ atMs }) => atMs ?? []);
  const ends = tracks.flatMap(({ toMs }) => toMs ?? []);
  // What earlier runs did says nothing of the pace of this one.
  const partNow = sent === 0 ? part : part * (sentNow / sent);
  const eta = done + failed === tracks.length ? 0 : etaOf(part, partNow, seconds);
  return {
    ...{ name, endpoint: first?.endpoint ?? '', feeds: tracks.length, done, failed },
    state: stateOf(tracks, done, failed, facts),
    from: isoTime(facts.sinceMs),
    to: ends.length === 0 ? null : isoTime(Math.max(...ends)),
    at: begins.length === 0 ? null : isoTime(Math.min(...begins)),
    sent,
    total: totals.every((total) => total !== undefined) ? sumOf(totals, (total) => total) : null,
    part: rounded(part, 3),
    rate: rounded(sentNow / seconds, 1),
    eta_seconds: eta,
  };
}

function etaOf(part: number, partNow: number, seconds: number): number | null {
  if (partNow <= 0.001 || seconds < 2) return null;
  return Math.ceil(((1 - part) * seconds) / partNow);
}

function stateOf(
  tracks: readonly Track[],
  done: number,
  failed: number,
  facts: JobFacts,
): ProgressRow['state'] {
  if (done === tracks.length) return 'done';
  if (done + failed === tracks.length) return 'failed';
  if (tracks.some((track) => problemOf(track, facts) !== undefined)) return 'trouble';
  return tracks.some(({ state }) => state === 'reading') ? 'reading' : 'waiting';
}

function problemOf(track: Track, { nowMs }: JobFacts): ProgressProblem | undefined {
  const { id, feed, failure, state } = track;
  if (state === 'done') return undefined;
  const problem = failure ?? feed?.status.problem;
  if (problem !== undefined) {
    const { code, message, hint = null } = problem;
    const next = failure === undefined ? feed?.status.nextTryMs : undefined;
    const isAhead = next !== undefined && next > nowMs;
    return { feed: id, code, message, hint, next_try: isAhead ? isoTime(next) : null };
  }
  if (feed?.status.activity.step !== 'server') return undefined;
  const trouble = feed.sink.state().trouble;
  if (trouble === undefined) return undefined;
  const { code, message, hint = null, nextTryMs } = trouble;
  const next_try = nextTryMs === undefined ? null : isoTime(nextTryMs);
  return { feed: id, code, message, hint, next_try };
}

function waitOf({ feed, state }: Track): number {
  return state === 'reading' || state === 'waiting' ? (feed?.source.blockedMs() ?? 0) : 0;
}

function notesOf({ tracks, untilMs, sinceMs }: JobFacts): string[] {
  const notes: string[] = [];
  const some = (which: readonly Track[]): string => {
    const names = which.slice(0, 3).map(({ id }) => id);
    return which.length > names.length
      ? `${names.join(', ')} and ${which.length - names.length} more`
      : names.join(', ');
  };
  const young = tracks.filter(({ tooYoung }) => tooYoung);
  if (young.length > 0)
    notes.push(
      `${some(young)}: nothing was read, this range is still the running feed's; what it has sent of it can be sent again when it is older than \`lookback_minutes\`, by the same command`,
    );
  const early = tracks.filter(
    ({ toMs, tooYoung }) => toMs !== undefined && toMs < untilMs && !tooYoung,
  );
  if (early.length > 0) {
    const ends = early.map(({ toMs = untilMs }) => Math.max(toMs, sinceMs));
    const [least, most] = [isoTime(Math.min(...ends)), isoTime(Math.max(...ends))];
    const upTo = least === most ? least : `${least} at least, ${most} at most`;
    notes.push(`${some(early)}: read up to ${upTo}; from there on all is the running feed's`);
  }
  const never = tracks.filter(({ neverRan }) => neverRan);
  if (never.length > 0)
    notes.push(
      `${some(never)}: never ran; the first start reads \`offset\` days back, and sends these again`,
    );
  const missed = tracks.filter((track) => track.missed.length > 0);
  if (missed.length > 0)
    notes.push(`${some(missed)}: Duo did not show all: ${missed[0]?.missed[0]?.reason ?? ''}`);
  return notes;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function sumOf<T>(list: readonly T[], of: (one: T) => number | undefined): number {
  return list.reduce((sum, one) => sum + (of(one) ?? 0), 0);
}

/** The progress in an answer of the running program; undefined when it is none. */
export function asProgress(value: JsonValue): BackfillProgress | undefined {
  const isIt =
    typeof value === 'object' && value !== null && 'schema_version' in value && 'rows' in value;
  return isIt && value['schema_version'] === 1 ? (value as BackfillProgress) : undefined;
}
