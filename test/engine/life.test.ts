import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Life } from '../../src/engine/life.ts';

function lives() {
  const [stop, abandon] = [new AbortController(), new AbortController()];
  const life = new Life(stop.signal, abandon.signal);
  const listeners = (): number =>
    [stop, abandon].reduce((sum, { signal }) => sum + getEventListeners(signal, 'abort').length, 0);
  return { stop, abandon, life, listeners };
}

describe("a feed's life", () => {
  it('ends with the program', () => {
    const { stop, abandon, life } = lives();
    stop.abort(new Error('SIGTERM'));
    expect([life.stop.aborted, life.abandon.aborted]).toEqual([true, false]);
    abandon.abort(new Error('late'));
    expect((life.abandon.reason as Error).message).toBe('late');
  });

  it('may end earlier, without the program', () => {
    const { stop, life } = lives();
    life.end(new Error('gone'));
    expect([life.stop.aborted, life.abandon.aborted, stop.signal.aborted]).toEqual([
      true,
      false,
      false,
    ]);
    life.endNow(new Error('late'));
    expect(life.abandon.aborted).toBe(true);
  });

  it('goes on with signals of its own when a run is left behind', () => {
    const { stop, life } = lives();
    const left = [life.stop, life.abandon];
    life.beginAnew(new Error('stalled'));
    expect(left.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect([life.stop.aborted, life.abandon.aborted]).toEqual([false, false]);
    stop.abort(new Error('SIGTERM'));
    expect(life.stop.aborted).toBe(true);
  });

  it('leaves nothing behind at the program’s signals', () => {
    const { life, listeners } = lives();
    for (let n = 0; n < 10; n += 1) life.beginAnew(new Error('stalled'));
    expect(listeners()).toBe(2);
    life.release();
    expect(listeners()).toBe(0);
  });
});
