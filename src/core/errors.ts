/** What the engine does about an error. `stop` is for start-up only. */
export type Remedy = 'retry' | 'skip' | 'park' | 'stop';

/** Who is concerned: one event, one feed, an account's endpoint, a whole account, a server. */
export type Scope = 'event' | 'feed' | 'source' | 'account' | 'server';

export interface ErrorDetails {
  readonly remedy?: Remedy;
  readonly scope?: Scope;
  /** What a person can do about it: a whole sentence. */
  readonly hint?: string;
  /** Not before this many milliseconds, when the other side said so. */
  readonly retryAfterMs?: number;
  /** For remedy `skip`: which line of the batch. */
  readonly index?: number;
  readonly cause?: unknown;
}

/**
 * Every expected failure. `code` is a stable snake_case word that documentation and status name;
 * the message may improve. Default remedy: retry, because losing a log is worse than trying again.
 */
export class ForwarderError extends Error {
  readonly code: string;
  readonly remedy: Remedy;
  readonly scope: Scope;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly index: number | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'ForwarderError';
    this.code = code;
    this.remedy = details.remedy ?? 'retry';
    this.scope = details.scope ?? 'feed';
    this.hint = details.hint;
    this.retryAfterMs = details.retryAfterMs;
    this.index = details.index;
  }
}

/** An unknown error keeps its message and is retried. */
export function asForwarderError(error: unknown, code = 'unexpected'): ForwarderError {
  if (error instanceof ForwarderError) return error;
  return new ForwarderError(code, messageOf(error), { cause: error });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of a system error (`ENOENT`, `ECONNREFUSED`, …), if it is one. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
