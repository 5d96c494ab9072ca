/** What a person can ask of the running program, whichever way: the words that control, engine and backfill share. */

/**
 * Which feeds are meant; nothing named means all. Names are the config's; an account by its id or its name.
 * Whoever names what does not exist gets `no_such_feed`, with what there is.
 */
export interface Selection {
  readonly endpoint?: string;
  readonly account?: string;
  readonly server?: string;
}

/** What another reading of the config, or another list of accounts, changed, by feed id. */
export interface FeedChanges {
  readonly started: readonly string[];
  readonly restarted: readonly string[];
  readonly stopped: readonly string[];
  readonly unchanged: number;
}

/** What a reload changed. */
export interface ReloadReport extends FeedChanges {
  /** Settings that are another now, and hold only after a restart. */
  readonly needsRestart: readonly string[];
}

/** Which past is to be read again, and for whom; a list that names nothing means all. */
export interface BackfillRequest {
  /** The same for the same command. */
  readonly key: string;
  readonly sinceMs: number;
  /** Undefined: until now. */
  readonly untilMs?: number;
  readonly endpoints: readonly string[];
  /** By id or name. */
  readonly accounts: readonly string[];
  readonly servers: readonly string[];
  /** Counts, sends and remembers nothing. */
  readonly dryRun: boolean;
  /** Begins anew what was broken off, or done. */
  readonly restart: boolean;
}
