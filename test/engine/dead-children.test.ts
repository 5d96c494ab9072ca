import { describe, expect, it } from 'vitest';
import { runFeed } from '../../src/engine/feed.ts';
import { PageSource } from '../../src/engine/page-source.ts';
import { Slots } from '../../src/engine/slots.ts';
import { begin } from '../../src/engine/window.ts';
import { auth } from '../../src/endpoints/auth.ts';
import { failure } from '../../src/duo/failures.ts';
import { FakeDuo } from './fake-duo.ts';
import { bench, FakeSink, intervalMs } from './parts.ts';

describe('six hundred children whose hosts swallow every call', () => {
  it('do not hold up the ten that are well, once they are known to be dead', async () => {
    const parts = bench();
    const { clock, limiter, cache, stop, abandon } = parts;
    const [slots, sink] = [new Slots(), new FakeSink()];
    const duoOf = (dead: boolean): FakeDuo => {
      const duo = new FakeDuo(clock);
      const send = duo.send.bind(duo);
      duo.send = async (request, signal) => {
        await clock.sleep(dead ? 15_000 : 200, signal);
        if (dead) throw failure('duo_timeout', 'no answer');
        return send(request, signal);
      };
      return duo;
    };
    const feeds = Array.from({ length: 610 }, (_, n) => {
      const account = { id: `DA${n}`, name: '', apiHost: `c${n}.test` };
      const api = duoOf(n < 600);
      const source = new PageSource({
        ...{ account, endpoint: auth, name: 'auth', api, limiter, clock, intervalMs },
        ...{ shared: () => false, cache, stop: stop.signal },
      });
      const feed = parts.feed(`${n}`, { id: `${n}`, account, source, slots, sink });
      return { feed: { ...feed, sink }, api };
    });
    const running = feeds.map(({ feed }) => {
      const start = { cursor: begin(clock.startMs - 3_600_000) };
      return runFeed(feed, start, parts.tools(), stop.signal, abandon.signal);
    });
    await clock.sleep(30 * 60_000, stop.signal);
    const atMs = new Map<string, number>();
    sink.answer = async ({ feedId }) => {
      atMs.set(feedId, clock.nowMs());
      return undefined;
    };
    const addedMs = clock.nowMs();
    for (const { api } of feeds.slice(600)) api.add(1, addedMs - 1000);
    await clock.sleep(intervalMs + 60_000, stop.signal);
    stop.abort(new Error('enough'));
    await Promise.all(running);
    expect(atMs.size).toBe(10);
    // Its own pause, and a moment: never a dead one's deadline.
    expect(Math.max(...atMs.values()) - addedMs).toBeLessThan(intervalMs + 5_000);
  });
});
