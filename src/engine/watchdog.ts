import type { Clock } from '../core/clock.ts';
import { ForwarderError } from '../core/errors.ts';
import type { Feed } from './feed.ts';

const lookEveryMs = 60_000;

/**
 * Looks each minute whether a feed stands still, and has it started again; until `stop`. One whose disk does
 * not answer is only shown: begun anew, it would send its page again.
 */
export function watchForStalls(
  feeds: () => readonly Feed[],
  {
    clock,
    once,
    watchdog = true,
  }: { readonly clock: Clock; readonly once: boolean; readonly watchdog?: boolean },
  stop: AbortSignal,
): void {
  // A run that ends by itself has its own deadline.
  if (once || !watchdog) return;
  const watch = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(lookEveryMs, stop);
      if (stop.aborted) return;
      for (const feed of feeds()) {
        const { activity } = feed.status;
        if (!activity.isStalled(feed.source.intervalMs)) continue;
        if (activity.step === 'save') feed.status.trouble(stalledError(feed), 0);
        else feed.control.restart();
      }
    }
  };
  void watch();
}

/** What a feed that stands still is told as. */
export function stalledError({ status }: Feed): ForwarderError {
  const { step, lastsMs } = status.activity;
  const seconds = Math.round(lastsMs / 1000);
  return new ForwarderError(
    'feed_stalled',
    `nothing has happened for ${seconds} s (at: ${step})`,
    step === 'save'
      ? { hint: 'The disk of the state directory does not answer. The feed goes on when it does.' }
      : { hint: 'It is started again by itself. If it comes again, please report it.' },
  );
}
