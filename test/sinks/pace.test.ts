import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { Pace } from '../../src/sinks/pace.ts';
import { never } from './helpers/tools.ts';

function fakeClock(): Clock & { nowValueMs: number } {
  const clock = {
    nowValueMs: 0,
    nowMs: () => clock.nowValueMs,
    monotonicMs: () => clock.nowValueMs,
    sleep: async (ms: number) => void (clock.nowValueMs += ms),
  };
  return clock;
}

describe('a pace', () => {
  it('spreads lines over time, and an idle time is not made up for by a burst', async () => {
    const clock = fakeClock();
    const pace = new Pace(100, clock);
    const startsMs: number[] = [];
    for (const lines of [50, 50, 10]) {
      await pace.take(lines, never);
      startsMs.push(clock.nowValueMs);
    }
    expect(startsMs).toEqual([0, 500, 1_000]);
    clock.nowValueMs = 60_000;
    await pace.take(100, never);
    await pace.take(1, never);
    expect(clock.nowValueMs).toBe(61_000);
  });

  it('ends with the reason when it is aborted', async () => {
    const clock = { ...fakeClock(), sleep: () => new Promise<void>(() => undefined) };
    const pace = new Pace(1, clock);
    await pace.take(1, never);
    const reason = new Error('left');
    await expect(pace.take(1, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
