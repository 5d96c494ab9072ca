import { describe, expect, it } from 'vitest';
import { untilStuck } from '../../src/cli/stuck.ts';
import { never } from '../engine/parts.ts';
import { TestClock } from '../engine/test-clock.ts';

describe('a run that is started by cron', () => {
  it('is stuck when nothing gets on for the whole time', async () => {
    const clock = new TestClock();
    expect(
      await untilStuck(
        () => 'same',
        () => 120_000,
        clock,
        never,
      ),
    ).toBe(true);
    expect(clock.monotonicMs()).toBe(120_000);
  });

  it('is not stuck while anything gets on, however slowly', async () => {
    const clock = new TestClock();
    const ended = new AbortController();
    const progress = (): string => String(Math.floor(clock.monotonicMs() / 119_000));
    const watch = untilStuck(progress, () => 120_000, clock, ended.signal);
    await clock.sleep(1_200_000, never);
    ended.abort();
    expect(await watch).toBe(false);
  });

  it('is no longer watched once it has ended', async () => {
    const clock = new TestClock();
    const ended = new AbortController();
    const watch = untilStuck(
      () => 'same',
      () => 120_000,
      clock,
      ended.signal,
    );
    ended.abort();
    expect(await watch).toBe(false);
    expect(clock.sleeping).toEqual([]);
  });

  it('may be given less than a second', async () => {
    const clock = new TestClock();
    await untilStuck(
      () => 'same',
      () => 300,
      clock,
      never,
    );
    expect(clock.monotonicMs()).toBe(300);
  });
});
