import { setImmediate as nextLoop } from 'node:timers/promises';
import pLimit from 'p-limit';
import { describe, expect, it } from 'vitest';
import { inTurn, untilAborted } from '../../src/duo/turns.ts';

const live = new AbortController().signal;
const reason = new Error('stopped');
const never = new Promise<string>(() => undefined);

describe('a turn', () => {
  it('comes in order, passes on the result, and ends with the work', async () => {
    const turn = pLimit(1);
    const order: number[] = [];
    const work = (number: number) => async (): Promise<number> => {
      order.push(number);
      return number;
    };
    expect(await Promise.all([1, 2, 3].map((number) => inTurn(turn, live, work(number))))).toEqual([
      1, 2, 3,
    ]);
    expect(order).toEqual([1, 2, 3]);
    await nextLoop();
    expect(turn.activeCount + turn.pendingCount).toBe(0);
  });

  it('passes on a failure, also of work that throws at once, and goes to the next', async () => {
    const turn = pLimit(1);
    const bad = (): Promise<never> => {
      throw reason;
    };
    await expect(inTurn(turn, live, bad)).rejects.toBe(reason);
    await expect(inTurn(turn, live, () => Promise.reject(reason))).rejects.toBe(reason);
    await expect(inTurn(turn, live, async () => 'next')).resolves.toBe('next');
  });

  it('that is given up before it comes runs no work', async () => {
    const turn = pLimit(1);
    let finish = (): void => undefined;
    const first = inTurn(turn, live, () => new Promise<void>((resolve) => (finish = resolve)));
    const stop = new AbortController();
    let ran = false;
    const second = inTurn(turn, stop.signal, async () => {
      ran = true;
    });
    stop.abort(reason);
    await expect(second).rejects.toBe(reason);
    finish();
    await first;
    await inTurn(turn, live, async () => undefined);
    expect(ran).toBe(false);
  });
});

describe('waiting', () => {
  it('ends when aborted, even if what is awaited never ends or fails later', async () => {
    const stop = new AbortController();
    const waiting = untilAborted(never, stop.signal);
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(untilAborted(never, stop.signal)).rejects.toBe(reason);
    await expect(untilAborted(Promise.reject(new Error('late')), stop.signal)).rejects.toBe(reason);
  });

  it('passes on what is awaited', async () => {
    await expect(untilAborted(Promise.resolve('yes'), live)).resolves.toBe('yes');
  });
});
