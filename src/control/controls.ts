import type { BackfillRequest, ReloadReport, Selection } from '../core/requests.ts';
import type { JsonObject } from '../core/types.ts';
import type { LineTap } from './tap.ts';

export interface BackfillRun {
  progress(): JsonObject;
  readonly ended: Promise<void>;
}

/** What a caller can ask of the running program. Each call that takes a selection says how many feeds it concerned. */
export interface Controls {
  /** The snapshot of `status --json`, with what lies in files by now: an acknowledgement shows at once. */
  status(): Promise<JsonObject>;
  /** A paused feed finishes its page, keeps its checkpoint and asks Duo for nothing; forgotten at restart. */
  pause(selection: Selection): number;
  resume(selection: Selection): number;
  /** Polls at once instead of at the next tick. */
  poll(selection: Selection): number;
  /** Seconds between two polls of who is caught up; undefined: as the config says. */
  setInterval(selection: Selection, seconds: number | undefined): number;
  /** Most rows to ask for in one page; undefined: as many as Duo gives. */
  setMaxcount(selection: Selection, rows: number | undefined): number;
  /** Shows lines as they are confirmed, so many a second at most, until it is closed. Throws `busy` too. */
  tap(selection: Selection, perSecond: number): LineTap;
  /** Begins a backfill, goes on with it, or joins it. Rejects with `busy`, `no_such_feed`, `backfill_…`. */
  backfill(asked: BackfillRequest): Promise<BackfillRun>;
  /** Its place is kept. False when none of this key runs. */
  stopBackfill(key: string): boolean;
  /** Gaps that nobody acknowledged, oldest first. */
  gaps(): Promise<readonly JsonObject[]>;
  /** By their ids, or all; says how many. Rejects with `no_such_gap` and changes nothing when one is unknown. */
  acknowledge(ids: readonly string[] | 'all'): Promise<number>;
  reopenLogs(): Promise<void>;
  /** Rejects with `config_invalid` when the file is wrong: the old config goes on. */
  reload(): Promise<ReloadReport>;
  /** Ends the program in good order, as SIGTERM does. */
  stop(): void;
}
