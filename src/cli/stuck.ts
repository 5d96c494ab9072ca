import type { Clock } from '../core/clock.ts';

const lookEachMs = 1_000;
const giveUpSeconds = 120;
const pageRows = 1_000;

/**
 * After how many seconds without anything confirmed `--once` gives up: progress is seen page by page, and at
 * a server's `max_events_per_second` a page of each of its feeds may take longer than two minutes.
 */
export function giveUpAfterSeconds(
  feeds: number,
  perSecond: readonly (number | undefined)[],
): number {
  const slowest = Math.min(...perSecond.map((rate) => rate ?? pageRows));
  return giveUpSeconds + Math.ceil((feeds * pageRows) / Math.min(slowest, pageRows));
}

/**
 * Resolves to true once `progress` has said the same for `stuckMs()`, to false when `ended` comes first.
 * Sinks try for ever; what is started by cron must not.
 */
export async function untilStuck(
  progress: () => string,
  stuckMs: () => number,
  clock: Clock,
  ended: AbortSignal,
): Promise<boolean> {
  let last = progress();
  let sinceMs = clock.monotonicMs();
  while (!ended.aborted) {
    await clock.sleep(Math.min(lookEachMs, stuckMs()), ended);
    const now = progress();
    if (now !== last) {
      last = now;
      sinceMs = clock.monotonicMs();
    } else if (clock.monotonicMs() - sinceMs >= stuckMs()) return !ended.aborted;
  }
  return false;
}
