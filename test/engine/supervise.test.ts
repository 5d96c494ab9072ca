import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import { Life } from '../../src/engine/life.ts';
import { supervise } from '../../src/engine/supervise.ts';
import { begin } from '../../src/engine/window.ts';
import { bench, never } from './parts.ts';

describe('a feed under supervision', () => {
  it('begins anew after whatever it could not help itself with', async () => {
    const parts = bench();
    const { clock, duo, stop, abandon } = parts;
    duo.add(3, clock.startMs - 60_000);
    const feed = parts.feed('siem');
    let tries = 0;
    const start = async () => {
      tries += 1;
      if (tries < 4) throw new TypeError('a fault of ours');
      return { cursor: begin(clock.startMs - 3_600_000) };
    };
    parts.stopAfter(60_000);
    const whole = await supervise(
      feed,
      start,
      parts.tools(),
      new Life(stop.signal, abandon.signal),
    );
    expect([whole, tries, feed.sink.ids]).toEqual([false, 4, ['t0', 't1', 't2']]);
  });

  it('is tried at once by `poll`, however long it would wait', async () => {
    const parts = bench();
    const { clock, stop, abandon } = parts;
    const feed = parts.feed('siem');
    let tries = 0;
    const start = async () => {
      tries += 1;
      throw new ForwarderError('checkpoint_unreadable', 'torn', { remedy: 'park' });
    };
    const running = supervise(feed, start, parts.tools(), new Life(stop.signal, abandon.signal));
    await clock.sleep(1_000, never);
    feed.control.wake();
    await clock.sleep(1_000, never);
    expect(tries).toBe(2);
    stop.abort(new Error('enough'));
    expect(await running).toBe(false);
  });

  it('gives up at the first such failure with `once`', async () => {
    const parts = bench();
    const feed = parts.feed('siem');
    const start = () => Promise.reject(new Error('torn'));
    const tools = parts.tools({ once: true });
    expect(await supervise(feed, start, tools, new Life(parts.stop.signal, never))).toBe(false);
    expect(feed.status.problem?.message).toBe('torn');
  });
});
