import { describe, expect, it } from 'vitest';
import { Activity, type Step } from '../../src/engine/activity.ts';
import { TestClock } from './test-clock.ts';
import { intervalMs, never } from './parts.ts';

describe('what a feed is doing', () => {
  it.each<[Step, boolean]>([
    ['begin', true],
    ['next poll', true],
    ['next try', true],
    ['save', true],
    ['limit', false],
    ['place', false],
    ['duo', false],
    ['server', false],
    ['paused', false],
  ])('at %s for four intervals is standing still: %s', async (step, stalls) => {
    const clock = new TestClock();
    const activity = new Activity(clock);
    activity.at(step);
    await clock.sleep(4 * intervalMs - 1, never);
    expect(activity.isStalled(intervalMs)).toBe(false);
    await clock.sleep(1, never);
    expect(activity.isStalled(intervalMs)).toBe(stalls);
    expect([activity.step, activity.lastsMs]).toEqual([step, 4 * intervalMs]);
  });

  it('may wait as long as it is meant to, and four intervals more', async () => {
    const clock = new TestClock();
    const activity = new Activity(clock);
    activity.at('next try', 86_400_000);
    await clock.sleep(86_400_000 + 3 * intervalMs, never);
    expect(activity.isStalled(intervalMs)).toBe(false);
    await clock.sleep(intervalMs, never);
    expect(activity.isStalled(intervalMs)).toBe(true);
  });
});
