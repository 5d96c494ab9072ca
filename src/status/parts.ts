import type { Account } from '../core/types.ts';
import type { SnapshotBackfill } from './backfill-snapshot.ts';

/** What the running program knows of itself; the snapshot is made of it. Times are Unix milliseconds. */
export interface Parts {
  readonly nowMs: number;
  readonly startedMs: number;
  readonly pid: number;
  readonly version: string;
  readonly configFile: string;
  readonly stateDirectory: string;
  readonly feeds: readonly FeedPart[];
  readonly servers: readonly ServerPart[];
  readonly duo: DuoPart | undefined;
  /** What is wrong besides feeds and servers: a reload that failed, child accounts that cannot be listed. */
  readonly others: readonly OtherPart[];
  /** The logs that are watched for silence; none when no `alert_after` is set. */
  readonly silences?: readonly SilencePart[];
  /** What happened lately, the newest first. */
  readonly lately: readonly HappenedPart[];
  /** The backfill that runs. */
  readonly backfill?: SnapshotBackfill | undefined;
}

export interface FeedPart {
  readonly id: string;
  readonly account: Pick<Account, 'id' | 'name'>;
  readonly endpoint: string;
  readonly server: string;
  /** Since when somebody has it paused; undefined: it is not. */
  readonly pausedSinceMs?: number | undefined;
  /** The pause between two polls once all is read. */
  readonly intervalMs?: number;
  readonly status: FeedState;
}

/** engine/feed-status.ts in this room's words. */
export interface FeedState {
  /** `starting`, `catching up`, `running`, `retrying`, `parked`, `ended`. */
  readonly phase: string;
  /** When it came into this phase. */
  readonly sinceMs: number;
  readonly problem: FeedProblem | undefined;
  readonly nextTryMs: number | undefined;
  readonly delivered: number;
  readonly late: number;
  readonly setAside: number;
  readonly gaps: number;
  readonly lastEventMs: number | undefined;
  /** Up to when everything is confirmed; undefined before the first page. */
  readonly confirmedToMs?: number | undefined;
  /** Tries that failed so far. */
  readonly errors?: number;
  /** New events that Duo gave so far. */
  readonly received?: number;
  /** When a poll was last read to its end. */
  readonly lastCycleMs?: number | undefined;
  /** The time of the last event that was taken before this start. */
  readonly takenBeforeMs?: number | undefined;
  /** When the feed came: with the start, or with a reload. */
  readonly createdMs?: number;
}

export interface FeedProblem {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  /** Who is concerned: `account` and `source` (an account's endpoint) concern several feeds at once. */
  readonly scope: string;
}

export interface ServerPart {
  readonly id: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number;
  readonly state: ServerState;
  /** How long the certificate is valid that this program shows to it. */
  readonly clientCertificateEndsMs?: number | undefined;
  readonly heartbeat?: HeartbeatPart | undefined;
}

/** Heartbeats since the start, or since their interval was set. */
export interface HeartbeatPart {
  readonly everySeconds: number;
  readonly sent: number;
  /** That could not go within their interval. */
  readonly dropped: number;
  readonly lastSentMs: number | undefined;
}

/** One log, of all accounts and servers together. */
export interface SilencePart {
  readonly endpoint: string;
  readonly accounts: number;
  /** The newest event, or when its first feed came when none is known. */
  readonly sinceMs: number;
  readonly afterMs: number;
  /** Undefined: nothing of it can be read at present. */
  readonly isSilent: boolean | undefined;
}

/** sinks/sink.ts in this room's words. */
export interface ServerState {
  readonly level: string;
  readonly trouble?: {
    readonly sinceMs: number;
    readonly code: string;
    readonly message: string;
    readonly hint?: string | undefined;
    readonly nextTryMs?: number | undefined;
  };
  readonly confirmedLines: number;
  /** Deliveries that failed so far and were tried again. */
  readonly reconnects?: number;
  /** How long the certificate is valid that the server showed last. */
  readonly certificateEndsMs?: number | undefined;
}

export interface DuoPart {
  readonly calls: number;
  /** Answers that told to wait (429). */
  readonly limited: number;
  /** How far this machine's clock is behind Duo's. */
  readonly behindMs: number;
  readonly lastError?: { readonly atMs: number; readonly code: string; readonly message: string };
  /** Of the API's hosts, the one whose certificate ends first. */
  readonly certificate?: { readonly host: string; readonly endsMs: number } | undefined;
  /** By what was asked for: an endpoint's name, `accounts` for the list of child accounts. */
  readonly byEndpoint: ReadonlyMap<string, EndpointCallsPart>;
}

/** duo/counted-calls.ts in this room's words. */
export interface EndpointCallsPart {
  /** How many calls ended so: `ok`, a code, or `aborted`. */
  readonly codes: ReadonlyMap<string, number>;
  /** Counts by the bounds of core/latency.ts, not cumulated, and the sum. */
  readonly latency: { readonly buckets: readonly number[]; readonly seconds: number };
}

export interface OtherPart {
  readonly code: string;
  readonly what: string;
  readonly sinceMs: number;
  readonly side: Side;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly nextTryMs?: number | undefined;
}

/** A notable line of the program's log, or several of the same kind; never an event's content. */
export interface HappenedPart {
  readonly atMs: number;
  readonly level: 'info' | 'warning' | 'error';
  readonly sentence: string;
  readonly code: string | undefined;
  /** Undefined too when several feeds said it. */
  readonly feed: string | undefined;
  readonly server: string | undefined;
  readonly times: number;
}

/** Whose trouble it is. */
export type Side = 'duo' | 'server' | 'here' | 'config';

/** What lies in the state directory and waits for a person. */
export interface Kept {
  readonly gaps: number;
  readonly deadLetters: number;
}
