import type { Clock } from '../core/clock.ts';

const lookEachMs = 1_000;

/**
 * Resolves to true once `progress` has said the same for `stuckMs`, to false when `ended` comes first.
 * Sinks try for ever; what is started by cron must not.
 */
export async function untilStuck(
  progress: () => string,
  stuckMs: number,
  clock: Clock,
  ended: AbortSignal,
): Promise<boolean> {
  let last = progress();
  let sinceMs = clock.monotonicMs();
  while (!ended.aborted) {
    await clock.sleep(Math.min(lookEachMs, stuckMs), ended);
    const now = progress();
    if (now !== last) {
      last = now;
      sinceMs = clock.monotonicMs();
    } else if (clock.monotonicMs() - sinceMs >= stuckMs) return !ended.aborted;
  }
  return false;
}
