import type { SignatureVersion } from './signature.ts';

/** One request as it came in, and what became of it. Keys and signatures are not kept. */
export interface JournalEntry {
  /** From 1, over all requests. */
  readonly number: number;
  /** By the simulated clock. */
  readonly timeMs: number;
  readonly method: string;
  /** The Host header without its port, lower-cased. */
  readonly host: string;
  readonly path: string;
  readonly ikey: string | undefined;
  /** The endpoint's name, or undefined for other paths. */
  readonly endpoint: string | undefined;
  /** `ikey` of the account or id of the child that was asked for; undefined before the caller is known. */
  readonly account: string | undefined;
  /** Decoded; a repeated name holds its last value. */
  readonly params: Readonly<Record<string, string>>;
  readonly repeated: readonly string[];
  readonly signature: SignatureVersion | undefined;
  readonly date: string | undefined;
  readonly userAgent: string | undefined;
  readonly bodyLength: number;
  readonly status: number;
  /** `ok`, or Duo's code with its detail, as `40002 maxtime`. */
  readonly verdict: string;
  /** How many rows were answered. */
  readonly rows: number;
  /** The kind of the fault that was played. */
  readonly fault: string | undefined;
}
