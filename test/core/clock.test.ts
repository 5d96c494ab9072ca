import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';

const never = new AbortController().signal;

describe("the system's clock", () => {
  it('sleeps at least as long as asked', async () => {
    const startMs = systemClock.monotonicMs();
    await systemClock.sleep(20, never);
    expect(systemClock.monotonicMs() - startMs).toBeGreaterThanOrEqual(19);
  });

  it('wakes at once when aborted, without an error', async () => {
    const stop = new AbortController();
    const sleeping = systemClock.sleep(60_000, stop.signal);
    stop.abort();
    await expect(sleeping).resolves.toBeUndefined();
    await expect(systemClock.sleep(60_000, AbortSignal.abort())).resolves.toBeUndefined();
  });

  it('does not wake at once from a sleep of more than 24 days, as a timer of Node would', async () => {
    const stop = new AbortController();
    let awake = false;
    const sleeping = systemClock.sleep(40 * 86_400_000, stop.signal).then(() => (awake = true));
    await systemClock.sleep(20, never);
    expect(awake).toBe(false);
    stop.abort();
    await sleeping;
  });

  it('takes a time that has passed for no sleep', async () => {
    const startMs = systemClock.monotonicMs();
    await systemClock.sleep(-5_000, never);
    expect(systemClock.monotonicMs() - startMs).toBeLessThan(1_000);
  });

  it('tells Unix time in milliseconds', () => {
    expect(Math.abs(systemClock.nowMs() - Date.now())).toBeLessThan(1_000);
  });
});
