import { follow } from '../core/abort.ts';
import { Backoff } from '../core/backoff.ts';
import { asForwarderError } from '../core/errors.ts';
import { type Feed, type FeedTools, type Start, runFeed } from './feed.ts';
import { stalledError } from './watchdog.ts';

/**
 * Runs a feed until `stop`, beginning anew after whatever it could not help itself with, and when it stands
 * still. Resolves to whether it did all it had to; never rejects.
 */
export async function supervise(
  feed: Feed,
  begin: (signal: AbortSignal) => Promise<Start>,
  tools: FeedTools,
  stop: AbortSignal,
  abandon: AbortSignal,
): Promise<boolean> {
  const retry = new Backoff(tools.retry);
  const park = new Backoff(tools.park);
  while (!stop.aborted) {
    try {
      return await untilStalled(feed, begin, tools, stop, abandon);
    } catch (error) {
      if (stop.aborted) break;
      const failure = asForwarderError(error);
      const parks = failure.remedy === 'park' || failure.remedy === 'stop';
      const waitMs = (parks ? park : retry).next(failure.retryAfterMs);
      feed.status.trouble(failure, tools.once ? 0 : waitMs);
      if (tools.once) return false;
      feed.status.activity.at('next try', waitMs);
      await feed.control.sleep(waitMs, tools.clock, stop);
    }
  }
  return false;
}

/** A run that stands still is left behind: whatever it may still do, it saves and sends nothing more. */
async function untilStalled(
  feed: Feed,
  begin: (signal: AbortSignal) => Promise<Start>,
  tools: FeedTools,
  stop: AbortSignal,
  abandon: AbortSignal,
): Promise<boolean> {
  const [stopRun, abandonRun] = [follow(stop), follow(abandon)];
  let leave = (_: Error): void => undefined;
  const stalled = new Promise<never>((_, reject) => (leave = reject));
  const restart = (): void => {
    const error = stalledError(feed);
    stopRun.abort(error);
    abandonRun.abort(error);
    leave(error);
  };
  feed.control.restart = restart;
  const run = async (): Promise<boolean> => {
    feed.status.activity.at('begin');
    const start = await begin(stopRun.signal);
    return runFeed(feed, start, tools, stopRun.signal, abandonRun.signal);
  };
  const running = run();
  running.catch(() => undefined);
  try {
    return await Promise.race([running, stalled]);
  } finally {
    feed.control.restart = () => undefined;
    stopRun.release();
    abandonRun.release();
  }
}
