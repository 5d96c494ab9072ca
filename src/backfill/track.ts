import type { ForwarderError } from '../core/errors.ts';
import type { Gap } from '../core/types.ts';
import type { Feed } from '../engine/feed.ts';
import type { Named } from './request.ts';

/** How the backfill of one feed goes. */
export interface Track extends Named {
  /** The live feed's. */
  readonly id: string;
  state: 'waiting' | 'reading' | 'done' | 'failed';
  readonly fromMs: number;
  /** Undefined before it has begun. */
  toMs: number | undefined;
  /** The time of the last row that was read. */
  atMs: number | undefined;
  /** Events that the server has confirmed, or (dry run) would get. */
  sent: number;
  /** Those of this run alone. */
  sentNow: number;
  setAside: number;
  /** So many Duo counts in the range; undefined when it does not say. */
  total: number | undefined;
  /** Time that could not be had. */
  missed: readonly Gap[];
  /** Why it failed, when it has. */
  failure: ForwarderError | undefined;
  /** The live feed has sent something of the range, and may send all of it yet: none of it is this one's. */
  tooYoung: boolean;
  /** It never ran: what its own first start will read is not known. */
  neverRan: boolean;
  /** While it is open. */
  feed: Feed | undefined;
}

export function newTrack({ account, endpoint, server }: Named, id: string, fromMs: number): Track {
  return {
    ...{ id, account, endpoint, server, fromMs },
    ...{ state: 'waiting', toMs: undefined, atMs: undefined },
    ...{ sent: 0, sentNow: 0, setAside: 0, total: undefined, missed: [] },
    ...{ failure: undefined, tooYoung: false, neverRan: false, feed: undefined },
  };
}

/** Between 0 and 1: by events where Duo counts them, else by the time that they span. */
export function partOf({ state, total, sent, atMs, fromMs, toMs }: Track): number {
  if (state === 'done') return 1;
  if (total !== undefined && total > 0) return Math.min(1, sent / total);
  if (atMs === undefined || toMs === undefined || toMs <= fromMs) return 0;
  return Math.min(1, Math.max(0, (atMs - fromMs) / (toMs - fromMs)));
}
