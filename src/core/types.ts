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

/** Query parameters, name → value; a name is never repeated (clients and Duo disagree on repeats). */
export type Params = Readonly<Record<string, string>>;

/** One answer with `stat: OK`, its lists already cut into rows; the rows share the body's memory. */
export interface ApiAnswer {
  /** The arrays directly inside `response` by their key; key '' when `response` is the array itself. */
  readonly lists: ReadonlyMap<string, readonly Uint8Array[]>;
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
  /** Parsed from `source` on first use; `{}` when the row is not an object. */
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

/** One field of an endpoint's events. `paths` are tried in order, the first with a value counts. */
export interface Field {
  readonly paths: readonly string[];
  /** A value that does not come from the row (then `paths` is empty). */
  readonly constant?: string;
  /** A meaning, or a label with its fixed slot (CEF: cs1…cs6) that never moves when others are missing. */
  readonly means: Meaning | { readonly label: string; readonly slot: number };
}

/** What an endpoint's events are; formats say how it is spelled. */
export interface EventProfile {
  /** Duo's own client calls it so: authentication, telephony, activity, administrator. */
  readonly eventType: string;
  /** True where DLS's JSON carries `eventtype` and `host` (single account only). */
  readonly labelled: boolean;
  /** The class of this event, stable and machine-readable. */
  kind(body: JsonObject): string;
  /** A name for this event's class. */
  title(body: JsonObject): string;
  /** In the order in which they are written. */
  readonly fields: readonly Field[];
}

/** One formatted event without a newline; id and time serve dead letters and sinks that file by day. */
export interface Line {
  readonly bytes: Uint8Array;
  readonly id: string;
  readonly timeMs: number;
}

export interface Batch {
  readonly feedId: string;
  readonly origin: Origin;
  readonly lines: readonly Line[];
}

/** What a sink needs to undo what it wrote after the last checkpoint; sockets have none. */
export type Mark = JsonValue;

/** Time that was passed over for good. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: string;
}

/** One event that could not be delivered, with the reason; kept in a bounded file, counted, never silent. */
export interface DeadLetter {
  readonly feedId: string;
  readonly serverId: string;
  readonly eventId: string;
  readonly timeMs: number;
  /** A fixed word: `oversize`, `unformattable`, `refused`. */
  readonly reason: string;
  readonly detail: string;
  /** The line that was not delivered, or the row when no line could be made. */
  readonly bytes: Uint8Array;
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
