import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { abortable, deferred, onAbort, within } from '../../src/sinks/waiting.ts';
import { never } from './helpers/tools.ts';

const late = (): Error => new Error('late');
const forEver = new Promise<never>(() => undefined);

describe('waiting', () => {
  it('ends with the result, and leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(1), signal)).toBe(1);
    expect(await within(1_000, late, systemClock, signal, async () => 2)).toBe(2);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('ends with the reason of an abort, also of one that came before', async () => {
    const stop = new AbortController();
    const reason = new Error('stop');
    const waits = [
      abortable(forEver, stop.signal),
      within(60_000, late, systemClock, stop.signal, (limit) => abortable(forEver, limit)),
    ];
    const ended = Promise.all(waits.map((wait) => expect(wait).rejects.toBe(reason)));
    stop.abort(reason);
    await ended;
    await expect(abortable(forEver, stop.signal)).rejects.toBe(reason);
    let calls = 0;
    onAbort(stop.signal, () => (calls += 1));
    expect(calls).toBe(1);
  });

  it('ends when its time is over', async () => {
    const wait = within(5, late, systemClock, never, (limit) => abortable(forEver, limit));
    await expect(wait).rejects.toThrow('late');
  });

  it('for something that fails and that nobody looks at is no uncaught error', async () => {
    const nobodys = deferred<void>();
    nobodys.reject(new Error('nobody looks'));
    await new Promise((resolve) => setImmediate(resolve));
    await expect(nobodys.promise).rejects.toThrow('nobody looks');
  });
});
