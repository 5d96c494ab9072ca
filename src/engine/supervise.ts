import { Backoff } from '../core/backoff.ts';
import { asForwarderError } from '../core/errors.ts';
import { type Feed, type FeedTools, type Start, runFeed } from './feed.ts';
import type { Life } from './life.ts';
import { stalledError } from './watchdog.ts';

/**
 * Runs a feed until its life ends, beginning anew after whatever it could not help itself with, and when it
 * stands still. Resolves to whether it did all it had to; never rejects.
 */
export async function supervise(
  feed: Feed,
  begin: (signal: AbortSignal) => Promise<Start>,
  tools: FeedTools,
  life: Life,
): Promise<boolean> {
  const retry = new Backoff(tools.retry);
  const park = new Backoff(tools.park);
  while (!life.stop.aborted) {
    try {
      return await untilStalled(feed, begin, tools, life);
    } catch (error) {
      if (life.stop.aborted) break;
      const failure = asForwarderError(error);
      const parks = failure.remedy === 'park' || failure.remedy === 'stop';
      const waitMs = (parks ? park : retry).next(failure.retryAfterMs);
      feed.status.trouble(failure, tools.once ? 0 : waitMs);
      if (tools.once) return false;
      feed.status.activity.at('next try', waitMs);
      await feed.control.sleep(waitMs, tools.clock, life.stop);
    }
  }
  return false;
}

/** A run that stands still is left behind: whatever it may still do, it saves and sends nothing more. */
async function untilStalled(
  feed: Feed,
  begin: (signal: AbortSignal) => Promise<Start>,
  tools: FeedTools,
  life: Life,
): Promise<boolean> {
  const { stop, abandon } = life;
  const run = async (): Promise<boolean> => {
    feed.status.activity.at('begin');
    return runFeed(feed, await begin(stop), tools, stop, abandon);
  };
  const stalled = new Promise<never>((_, reject) => {
    feed.control.restart = () => {
      const error = stalledError(feed);
      life.beginAnew(error);
      reject(error);
    };
  });
  try {
    return await Promise.race([run(), stalled]);
  } finally {
    feed.control.restart = () => undefined;
  }
}
