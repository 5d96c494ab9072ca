/**
 * The project's nouns.
 *
 * account: the configured one, or an MSP's child · endpoint: one kind of Duo log · row: one element of
 * an answer's list, as Duo sent it · event: a row with its id and time · page: one answer ·
 * cursor: how far a feed has come · server: a configured destination · sink: the code that talks to a
 * server · feed: account × endpoint × server, the unit that runs, fails, recovers and is checkpointed ·
 * checkpoint: a feed's last confirmed cursor on disk.
 *
 * Units are in the names: `…Ms` is milliseconds, times are Unix time in UTC.
 */

import type { RowList } from './row-list.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export interface Account {
  /** A child's account id; undefined for the account of the config file. */
  readonly id: string | undefined;
  readonly name: string;
  /** The host that is called and signed for this account; may carry `:port`. */
  readonly apiHost: string;
}

/** An account as the lists of accounts told so far. */
export interface KnownAccount extends Account {
  /** The first of the lists in a row that lacked it. */
  readonly missingSinceMs?: number;
}

/** Query parameters, name → value; a name is never repeated (clients and Duo disagree on repeats). */
export type Params = Readonly<Record<string, string>>;

/** One answer with `stat: OK`, its lists already cut into rows; the rows share the body's memory. */
export interface ApiAnswer {
  /** The arrays directly inside `response` by their key; key '' when `response` is the array itself. */
  readonly lists: ReadonlyMap<string, RowList>;
  /** `response.metadata`, else the top level's; `{}` when there is none. */
  readonly metadata: JsonObject;
  /** Length of the body, for bounds on what is kept. */
  readonly size: number;
}

/** What is asked of an endpoint: from `mintimeMs` (inclusive) to `endMs`, or on from `offset`. */
export interface Window {
  readonly mintimeMs: number;
  readonly endMs: number;
  readonly offset?: string;
}

export interface LogEvent {
  /** The same event fetched twice has the same id. */
  readonly id: string;
  readonly timeMs: number;
  /** The row exactly as Duo sent it: a part of the answer's bytes, not copied. */
  readonly source: Uint8Array;
  /** Parsed from `source` at each use; `{}` when the row is not an object. */
  readonly body: JsonObject;
}

/** Where an event comes from and who passes it on; the same for every line of a batch. */
export interface Origin {
  readonly account: Account;
  /** The endpoint's name as in the config file. */
  readonly endpoint: string;
  /** This machine's name. */
  readonly sender: string;
  /** When the batch was formatted. */
  readonly sentAtMs: number;
}

/** What a field of an event is, whatever a format calls it. */
export type Meaning =
  'time' | 'clientHost' | 'clientIp' | 'action' | 'actor' | 'user' | 'outcome' | 'message';

/** A meaning that DLS never wrote. */
export type FurtherMeaning =
  | 'reason'
  | 'eventId'
  | 'accountId'
  | 'actorId'
  | 'actorKind'
  | 'userId'
  | 'application'
  | 'clientSoftware'
  | 'link';

/** A place for what has no meaning of its own; its slot never moves when others are missing. */
export interface Slot {
  readonly label: string;
  readonly slot: number;
}

/** What kind of place: texts (CEF cs1…cs6), short notes (flexString1…2), numbers (cn1…cn3), times. */
export interface TypedSlot extends Slot {
  readonly holds: 'text' | 'note' | 'number' | 'time';
}

/** One field of an endpoint's events. `paths` are tried in order, the first with a value counts. */
export interface Field {
  readonly paths: readonly string[];
  /** A value that does not come from the row (then `paths` is empty). */
  readonly constant?: string;
  readonly means: Meaning | Slot;
}

/** One thing that is known of an event. */
export interface Fact {
  readonly means: Meaning | FurtherMeaning | TypedSlot;
  /** Times in Unix milliseconds; null, '' and undefined are no value. Never throws. */
  readonly read: (body: JsonObject) => JsonValue | undefined;
}

/** What happened, for rules and dashboards: stable ids, one name for each. */
export interface EventClass {
  /** As `auth.fraud`; actions come from Duo and may hold any character. */
  readonly id: string;
  readonly name: string;
  /** 0 to 10 (CEF standard: 0-3 low, 4-6 medium, 7-8 high, 9-10 very high). */
  readonly severity: number;
}

/** What DLS's CEF says of an endpoint's events. */
export interface DlsProfile {
  /** The class of this event. */
  kind(body: JsonObject): string;
  /** A name for this event's class. */
  title(body: JsonObject): string;
  /** In the order in which they are written. */
  readonly fields: readonly Field[];
}

/** What an endpoint's events are; formats say how it is spelled. */
export interface EventProfile {
  /** Duo's own client calls it so: authentication, telephony, activity, administrator. */
  readonly eventType: string;
  /** True where DLS's JSON carries `eventtype` and `host` (single account only). */
  readonly labelled: boolean;
  classify(body: JsonObject): EventClass;
  /** All that is known, in the order in which it is written. */
  readonly facts: readonly Fact[];
  /** Absent where DLS's CEF does not know the endpoint. */
  readonly dls?: DlsProfile;
}

/** One formatted event without a newline; id and time serve dead letters and sinks that file by day. */
export interface Line {
  readonly bytes: Uint8Array;
  readonly id: string;
  readonly timeMs: number;
  /** The row it was made of, for a dead letter that may have to be formatted anew. */
  readonly row?: Uint8Array;
}

export interface Batch {
  readonly feedId: string;
  readonly origin: Origin;
  readonly lines: readonly Line[];
  /** Names a reading of the past beside the feed's own; what it writes belongs to no mark. */
  readonly beside?: string;
}

/** What a sink needs to undo what it wrote after the last checkpoint; sockets have none. */
export type Mark = JsonValue;

/** Time that was passed over for good. */
export interface Gap {
  readonly kind: GapKind;
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: string;
}

/** Older than Duo serves; more rows in one second than Duo shows; dead letters dropped to make room. */
export type GapKind = 'reach' | 'second' | 'letters';

/** A gap and whose it is. */
export interface FeedGap extends Gap {
  readonly feedId: string;
  readonly account: Pick<Account, 'id' | 'name'>;
  readonly endpoint: string;
  readonly serverId: string;
  /** Tells gaps apart that may begin at the same time; else kind, feed and begin do. */
  readonly key?: string;
}

export interface GapBox {
  /** Resolves when the gaps are on disk; each was told once in the log by then. Throws `gaps_unwritable` (retry). */
  add(gaps: readonly FeedGap[]): Promise<void>;
}

/** One event that could not be delivered, with the reason; kept in a bounded file, counted, never silent. */
export interface DeadLetter {
  readonly feedId: string;
  readonly account: Account;
  readonly endpoint: string;
  readonly serverId: string;
  readonly eventId: string;
  readonly timeMs: number;
  /** A fixed word: `oversize`, `unformattable`, `refused`. */
  readonly reason: string;
  readonly detail: string;
  /** What was not delivered; none when no line could be made. */
  readonly line?: Uint8Array;
  /** The row as Duo sent it. */
  readonly row?: Uint8Array;
}

export interface DeadLetterBox {
  /** Resolves when the letter is on disk. Throws `dead_letter_full` (retry) when the bound is reached. */
  add(letter: DeadLetter, signal: AbortSignal): Promise<void>;
}

/** Small facts learned at run time (rate limits, how a server closes) that survive a restart. */
export interface Learned {
  get(key: string): JsonValue | undefined;
  /** Kept in memory at once, written to disk soon after; a failed write is logged and tried again. */
  set(key: string, value: JsonValue): void;
}
