import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import type { ArchiveLayout } from '../core/path-template.ts';
import type { Secret } from '../core/secret.ts';
import type { Batch, DeadLetterBox, Learned, Mark } from '../core/types.ts';

/** How sure a sink can be that a line arrived, weakest first; docs/delivery.md says what each means. */
export type ConfirmLevel = 'none' | 'transport' | 'drained' | 'accepted' | 'durable';

/** Talks to one server, for all feeds that are mapped to it. */
export interface Sink {
  /** Once, before a feed's first write: undoes what was written after the checkpoint's mark. */
  restore(feedId: string, mark: Mark | undefined, signal: AbortSignal): Promise<void>;
  /**
   * Resolves when every line is confirmed at the sink's level. It retries by itself, for ever, with one
   * back-off and one state per server. Rejects only when aborted (with the signal's reason), or with
   * remedy `skip` and the line's index when that line alone was refused three times: the lines before it
   * are confirmed then, those after it not sent.
   */
  write(batch: Batch, signal: AbortSignal): Promise<Mark | undefined>;
  /**
   * Sends one line over a connection of its own, once: `write` neither waits for it nor learns from it. `line` is
   * asked for when the server can be reached. Throws when it did not go. Absent where only Duo's rows belong.
   */
  beat?(line: () => Uint8Array, signal: AbortSignal): Promise<void>;
  /** What a write would need (resolve, connect, handshake), step by step; sends nothing. Throws the failing step's error. */
  check(report: (step: string, detail: string) => void, signal: AbortSignal): Promise<void>;
  /** The checkpoint with the feed's last mark is on disk; for sinks that undo what came after it. */
  settled?(feedId: string): void;
  /** Sends what waits at once, because nothing more will come. */
  flush(): void;
  /** How it goes, for status and log. */
  state(): SinkState;
  close(): Promise<void>;
}

export interface SinkState {
  readonly level: ConfirmLevel;
  /** Undefined while all is well. */
  readonly trouble?: {
    readonly sinceMs: number;
    readonly code: string;
    readonly message: string;
    readonly hint: string | undefined;
    readonly nextTryMs: number | undefined;
  };
  readonly confirmedLines: number;
  /** Deliveries that failed so far and were tried again. */
  readonly reconnects?: number;
  /** TCPSSL: how long the certificate is valid that the server showed last. */
  readonly certificateEndsMs?: number;
}

/** One entry of `servers:` in the config file, in the code's spelling. */
export interface ServerOptions {
  readonly id: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number;
  readonly confirm?: 'drained' | 'transport' | 'none';
  readonly maxEventsPerSecond?: number;
  readonly certFile?: string;
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
  readonly clientKeyPassphrase?: Secret;
  readonly serverName?: string;
  /** FILE only. */
  readonly archive?: ArchiveOptions;
}

/** Where an archive on this machine keeps events, and for how long. */
export interface ArchiveOptions {
  /** An absolute path. */
  readonly directory: string;
  readonly layout: ArchiveLayout;
  /** Undefined: nothing is removed. */
  readonly retentionDays?: number;
}

/** Deadlines and sizes; tests pass short ones. */
export interface SinkTiming {
  readonly connectMs: number;
  /** Without progress for this long a group is unconfirmed. */
  readonly progressMs: number;
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
  /** A group is sent at the latest after this. */
  readonly gatherMs: number;
  readonly groupLines: number;
  readonly groupBytes: number;
  /** While catching up, groups grow to this many times their lines and bytes. */
  readonly groupGrowth: number;
  /** A server that confirms a group within this keeps up. */
  readonly quickMs: number;
  /** The wait after a TLS 1.3 handshake in which a refused client certificate shows. */
  readonly settleMs: number;
  readonly replayGroups: number;
  /** After the last group a connection is kept for so long, to notice that the server dies. */
  readonly vigilMs: number;
}

export const defaultTiming: SinkTiming = {
  connectMs: 10_000,
  progressMs: 30_000,
  backoffBaseMs: 1_000,
  backoffCapMs: 60_000,
  gatherMs: 250,
  groupLines: 1_000,
  groupBytes: 1_000_000,
  groupGrowth: 4,
  quickMs: 3_000,
  settleMs: 250,
  replayGroups: 2,
  vigilMs: 10_000,
};

export interface SinkTools {
  readonly clock: Clock;
  readonly log: Logger;
  readonly timing: SinkTiming;
  readonly learned: Learned;
  readonly deadLetters: DeadLetterBox;
  /** How many of the server's slots are taken: when all of them wait in `write`, a group is due. */
  readonly slotsTaken: () => number;
}

export interface SinkType {
  /** One line for help and documentation. */
  readonly summary: string;
  /** The strongest level it can give. */
  readonly confirms: ConfirmLevel;
  open(server: ServerOptions, tools: SinkTools): Sink;
}
