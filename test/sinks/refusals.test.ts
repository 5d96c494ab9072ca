import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import { Gather } from '../../src/sinks/gather.ts';
import { Refusals } from '../../src/sinks/refusals.ts';
import { batchOf, isPending } from './helpers/tools.ts';

const error = new ForwarderError('server_reset', 'reset');

describe('a line that is refused alone', () => {
  const refuse = (gather: Gather, refusals: Refusals): void => {
    const group = gather.cut(1, 1_000);
    if (group === undefined) throw new Error('nothing waits');
    gather.giveBack(group);
    refusals.groupFailed(group, error);
  };

  it('is given up at the third time when other groups were confirmed in between', async () => {
    const gather = new Gather();
    const refusals = new Refusals(gather);
    const writing = gather.add(batchOf('a', 2), 0);
    refuse(gather, refusals);
    refusals.groupConfirmed();
    refuse(gather, refusals);
    refusals.groupConfirmed();
    refuse(gather, refusals);
    await expect(writing.done.promise).rejects.toMatchObject({
      code: 'line_refused',
      remedy: 'skip',
      scope: 'event',
      index: 0,
    });
    expect(gather.size).toBe(0);
  });

  it('is kept for ever while nothing else goes through', async () => {
    const gather = new Gather();
    const refusals = new Refusals(gather);
    const writing = gather.add(batchOf('a', 1), 0);
    for (let n = 0; n < 50; n += 1) refuse(gather, refusals);
    expect(await isPending(writing.done.promise, 5)).toBe(true);
  });

  it('lets the lines of other feeds go first', () => {
    const gather = new Gather();
    const refusals = new Refusals(gather);
    gather.add(batchOf('a', 1), 0);
    gather.add(batchOf('b', 1), 0);
    refuse(gather, refusals);
    expect(gather.cut(1, 1_000)?.payload.toString('utf8')).toBe('b:0\n');
  });
});
