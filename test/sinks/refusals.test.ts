import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import { Gather, type Writing } from '../../src/sinks/gather.ts';
import { Refusals } from '../../src/sinks/refusals.ts';
import { batchOf, isPending } from './helpers/tools.ts';

const error = new ForwarderError('server_reset', 'reset');
const pauseMs = 60_000;

/** One feed's lines, a clock that is moved by hand, and a server that refuses them. */
function setUp(lines = 1) {
  const time = { nowMs: 0 };
  const clock = {
    nowMs: () => time.nowMs,
    monotonicMs: () => time.nowMs,
    sleep: async () => undefined,
  };
  const gather = new Gather();
  const refusals = new Refusals(gather, clock, pauseMs);
  const writing: Writing = gather.add(batchOf('a', lines), 0);
  const refuse = (): void => {
    const group = gather.cut(1, 1_000, time.nowMs);
    if (group === undefined) throw new Error('nothing may be sent');
    gather.giveBack(group);
    refusals.failed(group, error);
  };
  return { time, gather, refusals, writing, refuse };
}

describe('a line that is refused alone', () => {
  it('is given up at the third time when other groups were confirmed in between and nothing else failed', async () => {
    const { time, gather, refusals, writing, refuse } = setUp(2);
    refuse();
    refusals.confirmed();
    refuse();
    refusals.confirmed();
    time.nowMs += pauseMs;
    refuse();
    await expect(writing.done.promise).rejects.toMatchObject({
      code: 'line_refused',
      remedy: 'skip',
      scope: 'event',
      index: 0,
    });
    expect(gather.size).toBe(0);
  });

  it('gets its last chance only after the longest back-off, while others go on', () => {
    const { time, gather, refusals, refuse } = setUp();
    refuse();
    refusals.confirmed();
    refuse();
    time.nowMs += pauseMs - 1;
    expect(gather.cut(1, 1_000, time.nowMs)).toBeUndefined();
    time.nowMs += 1;
    expect(gather.cut(1, 1_000, time.nowMs)).toBeDefined();
  });

  it('is kept for ever while nothing else goes through', async () => {
    const { writing, refuse } = setUp();
    for (let n = 0; n < 50; n += 1) refuse();
    expect(await isPending(writing.done.promise, 5)).toBe(true);
  });

  it('is kept for ever while other groups, or connections, fail too', async () => {
    const { time, refusals, writing, refuse } = setUp();
    for (let n = 0; n < 50; n += 1) {
      refuse();
      refusals.confirmed();
      refusals.failed(undefined, error);
      refusals.confirmed();
      time.nowMs += pauseMs;
    }
    expect(await isPending(writing.done.promise, 5)).toBe(true);
  });

  it('lets the lines of other feeds go first', () => {
    const { gather, refuse } = setUp();
    gather.add(batchOf('b', 1), 0);
    refuse();
    expect(gather.cut(1, 1_000, 0)?.payload.lines).toEqual([Buffer.from('b:0')]);
  });
});
