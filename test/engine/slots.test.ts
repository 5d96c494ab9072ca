import { describe, expect, it } from 'vitest';
import { Slots } from '../../src/engine/slots.ts';
import { never } from './parts.ts';
import { rest } from './test-clock.ts';

function held(slots: Slots, count: number, signal = never) {
  const finish: (() => void)[] = [];
  const started: number[] = [];
  const done = Array.from({ length: count }, (_, index) =>
    slots.run(signal, () => {
      started.push(index);
      return new Promise<number>((resolve) => finish.push(() => resolve(index)));
    }),
  );
  return { finish, started, done };
}

describe('the places of a server', () => {
  it('are sixteen, whoever else wants one waits', async () => {
    const slots = new Slots();
    const { finish, started, done } = held(slots, 20);
    await rest();
    expect(started).toHaveLength(16);
    expect(slots.taken).toBe(16);
    finish[0]?.();
    await done[0];
    await rest();
    expect(started).toHaveLength(17);
    for (let i = 1; i < 20; i += 1) {
      finish[i]?.();
      await done[i];
      await rest();
    }
    expect(slots.taken).toBe(0);
  });

  it('are not waited for any longer by one who is told to stop', async () => {
    const slots = new Slots();
    const { finish } = held(slots, 16);
    await rest();
    const stop = new AbortController();
    let ran = false;
    const waiting = slots.run(stop.signal, async () => {
      ran = true;
    });
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
    for (const end of finish) end();
    await rest();
    expect(ran).toBe(false);
    expect(slots.taken).toBe(0);
  });

  it('let who has one finish, even when told to stop', async () => {
    const stop = new AbortController();
    const { finish, done } = held(new Slots(), 1, stop.signal);
    await rest();
    stop.abort(new Error('stopped'));
    finish[0]?.();
    await expect(done[0]).resolves.toBe(0);
  });

  it('are given back by work that fails', async () => {
    const slots = new Slots();
    await expect(slots.run(never, () => Promise.reject(new Error('broken')))).rejects.toThrow(
      'broken',
    );
    await rest();
    expect(slots.taken).toBe(0);
  });

  it('are half of them at most for those that failed before, whoever came first', async () => {
    const slots = new Slots();
    let [troubled, well] = [0, 0];
    const endless = (): Promise<never> => new Promise(() => undefined);
    for (let i = 0; i < 100; i += 1) {
      const work = (): Promise<never> => {
        troubled += 1;
        return endless();
      };
      void slots.run(never, work, true);
    }
    await rest();
    for (let i = 0; i < 100; i += 1) {
      const work = (): Promise<never> => {
        well += 1;
        return endless();
      };
      void slots.run(never, work);
    }
    await rest();
    expect([troubled, well]).toEqual([8, 8]);
  });

  it('are given to those who wait in the order in which they came, without those who left', async () => {
    const slots = new Slots();
    const { finish } = held(slots, 16);
    await rest();
    const order: number[] = [];
    const leavers = [1, 4].map(() => new AbortController());
    const signals = new Map([
      [1, leavers[0]?.signal],
      [4, leavers[1]?.signal],
    ]);
    const waiting = Array.from({ length: 6 }, (_, index) =>
      slots
        .run(signals.get(index) ?? never, async () => void order.push(index))
        .catch(() => undefined),
    );
    for (const leaver of leavers) leaver.abort(new Error('gone'));
    for (const end of finish) end();
    await Promise.all(waiting);
    expect(order).toEqual([0, 2, 3, 5]);
    expect(slots.taken).toBe(0);
  });

  it('refuse at once who was told to stop before', async () => {
    const reason = AbortSignal.abort(new Error('too late'));
    await expect(new Slots().run(reason, async () => 1)).rejects.toThrow('too late');
  });
});
