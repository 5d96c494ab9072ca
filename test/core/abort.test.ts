import { describe, expect, it } from 'vitest';
import { abortable, reasonOf } from '../../src/core/abort.ts';
import { rest } from '../engine/test-clock.ts';

const pending = new Promise<number>(() => undefined);

async function unhandledDuring(work: () => Promise<void>): Promise<unknown[]> {
  const seen: unknown[] = [];
  const note = (reason: unknown): void => void seen.push(reason);
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
  await work();
  await rest();
  process.removeAllListeners('unhandledRejection');
  for (const other of others) process.on('unhandledRejection', other);
  return seen;
}

describe('a wait that can be left', () => {
  it("ends with the promise's own outcome", async () => {
    const { signal } = new AbortController();
    await expect(abortable(Promise.resolve(7), signal)).resolves.toBe(7);
    await expect(abortable(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  });

  it('ends at once with the reason of the signal', async () => {
    const stop = new AbortController();
    const waiting = abortable(pending, stop.signal);
    stop.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
  });

  it('does not even begin when the signal was there before', async () => {
    const signal = AbortSignal.abort(new Error('before'));
    await expect(abortable(Promise.resolve(7), signal)).rejects.toThrow('before');
  });

  it('never leaves a failure unhandled, whoever went away before it', async () => {
    const seen = await unhandledDuring(async () => {
      const stop = new AbortController();
      let fail = (): void => undefined;
      const work = new Promise<void>((_, reject) => (fail = () => reject(new Error('late'))));
      const before = abortable(work, stop.signal);
      stop.abort(new Error('left'));
      const after = abortable(work, stop.signal);
      await Promise.allSettled([before, after]);
      fail();
      await expect(abortable(Promise.reject(new Error('alone')), stop.signal)).rejects.toThrow();
    });
    expect(seen).toEqual([]);
  });
});

describe("a signal's reason", () => {
  it('is always an error that can be thrown', () => {
    expect(reasonOf(AbortSignal.abort('text'))).toMatchObject({
      message: 'aborted',
      cause: 'text',
    });
    const error = new Error('mine');
    expect(reasonOf(AbortSignal.abort(error))).toBe(error);
    expect(reasonOf(AbortSignal.abort()).name).toBe('AbortError');
  });
});
