import { Backoff } from '../core/backoff.ts';
import { asForwarderError } from '../core/errors.ts';
import type { Sink } from '../sinks/sink.ts';
import { type BeginTools, startOf } from './begin.ts';
import { type Feed, type FeedTools, runFeed } from './feed.ts';

export interface EngineOptions {
  readonly feeds: readonly Feed[];
  readonly sinks: readonly Sink[];
  readonly feedTools: FeedTools;
  readonly beginTools: BeginTools;
}

/**
 * Runs all feeds until `stop` (or, with `once`, until all are caught up). One feed's trouble, whatever it
 * is, stays in that feed. Resolves to whether every feed did all it had to.
 */
export async function runEngine(
  options: EngineOptions,
  stop: AbortSignal,
  abandon: AbortSignal,
): Promise<boolean> {
  const flush = (): void => options.sinks.forEach((sink) => sink.flush());
  stop.addEventListener('abort', flush, { once: true });
  const done = await Promise.all(
    options.feeds.map((feed) => supervise(feed, options, stop, abandon)),
  );
  stop.removeEventListener('abort', flush);
  return done.every((whole) => whole);
}

async function supervise(
  feed: Feed,
  { feedTools, beginTools }: EngineOptions,
  stop: AbortSignal,
  abandon: AbortSignal,
): Promise<boolean> {
  const retry = new Backoff(feedTools.retry);
  const park = new Backoff(feedTools.park);
  while (!stop.aborted) {
    try {
      const start = await startOf(feed, beginTools, stop);
      return await runFeed(feed, start, feedTools, stop, abandon);
    } catch (error) {
      if (stop.aborted) break;
      const failure = asForwarderError(error);
      const parks = failure.remedy === 'park' || failure.remedy === 'stop';
      const waitMs = (parks ? park : retry).next(failure.retryAfterMs);
      feed.status.trouble(failure, feedTools.once ? 0 : waitMs);
      if (feedTools.once) return false;
      await feedTools.clock.sleep(waitMs, stop);
    }
  }
  return false;
}
