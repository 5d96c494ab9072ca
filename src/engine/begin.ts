import type { CheckpointStore } from '../checkpoint/checkpoint.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import type { Feed, Start } from './feed.ts';
import { begin, oldestMs } from './window.ts';

/** What another program had delivered up to. */
export interface TakenOver {
  readonly positionMs: number;
  readonly positionId?: string;
  /** The file it was read from. */
  readonly file: string;
  /** False: the file was ambiguous and the earliest reading was taken. */
  readonly proven: boolean;
}

export interface BeginTools {
  readonly checkpoints: CheckpointStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where a feed without any checkpoint begins; fixed at the program's start. */
  sinceMs(feed: Feed): number;
  /** DLS's checkpoint, when this is the first start of the feed's account and endpoint. */
  takeOver(feed: Feed, signal: AbortSignal): Promise<TakenOver | undefined>;
}

/**
 * Where the feed goes on: its own checkpoint, else DLS's, else `offset` days back. A begin is saved at
 * once: a server that is down for days after the first start then still gets everything from here on.
 */
export async function startOf(feed: Feed, tools: BeginTools, signal: AbortSignal): Promise<Start> {
  const { checkpoints, log } = tools;
  const own = await checkpoints.load(feed.identity);
  if (own !== undefined) {
    log.info('The feed goes on', { feed: feed.id, from: iso(own.cursor.positionMs) });
    return own;
  }
  const found = await tools.takeOver(feed, signal);
  const start = { cursor: found === undefined ? fresh(feed, tools) : takenOver(found) };
  if (found === undefined) {
    log.info('The feed has no checkpoint and begins', {
      feed: feed.id,
      from: iso(start.cursor.positionMs),
    });
  } else {
    log.info('The feed goes on where Duo Log Sync stopped', {
      feed: feed.id,
      from: iso(found.positionMs),
      file: found.file,
      proven: found.proven,
    });
  }
  await checkpoints.save(feed.identity, start);
  return start;
}

function fresh(feed: Feed, tools: BeginTools): Start['cursor'] {
  return begin(Math.max(tools.sinceMs(feed), oldestMs(feed.source.nowMs())));
}

function takenOver(found: TakenOver): Start['cursor'] {
  const { positionMs, positionId } = found;
  return begin(positionMs, positionId === undefined ? undefined : { id: positionId });
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
