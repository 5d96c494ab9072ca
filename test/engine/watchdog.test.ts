import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.ts';
import { bench, intervalMs, never } from './parts.ts';

const hourMs = 3_600_000;

function running() {
  const parts = bench();
  const { clock, duo, store, log } = parts;
  duo.add(5, clock.startMs - 60_000);
  const feed = parts.feed('siem');
  const engine = new Engine(
    {
      feedTools: parts.tools(),
      beginTools: {
        checkpoints: store,
        clock,
        log,
        sinceMs: () => clock.startMs - hourMs,
        takeOver: async () => undefined,
      },
      flush: () => feed.sink.flush(),
      graceMs: 25_000,
    },
    parts.stop.signal,
    parts.abandon.signal,
  );
  engine.become([{ id: feed.id, fingerprint: '', open: () => ({ feed, close: () => undefined }) }]);
  const told = () => parts.said.filter(({ fields }) => fields['code'] === 'feed_stalled');
  const end = async (): Promise<void> => {
    parts.stop.abort(new Error('enough'));
    await engine.ended();
  };
  return { ...parts, feed, told, end };
}

describe('a feed that stands still', () => {
  it('is seen, told, and started again where its checkpoint is', async () => {
    const { feed, clock, duo, told, end } = running();
    await clock.sleep(1_000, never);
    expect(feed.sink.ids).toHaveLength(5);
    // A fault of ours: a tick that never comes.
    const { source } = feed;
    const real = source.tick.bind(source);
    source.tick = () => new Promise(() => undefined);
    await clock.sleep(2 * intervalMs, never);
    duo.add(2, clock.nowMs() - 1_000, 10);
    await clock.sleep(3 * intervalMs, never);
    source.tick = real;
    await clock.sleep(3 * intervalMs, never);
    expect(feed.sink.ids).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6']);
    expect(told()).toHaveLength(1);
    expect(told()[0]?.fields['message']).toMatch(
      /nothing has happened for \d+ s \(at: next poll\)/,
    );
    expect(feed.status.phase).toBe('running');
    await end();
  });

  it('because its disk does not answer is shown, and its page not sent again', async () => {
    const { feed, clock, duo, store, told, end } = running();
    await clock.sleep(1_000, never);
    let answer = (): void => undefined;
    const save = store.save.bind(store);
    store.save = async (...args) => {
      await new Promise<void>((resolve) => (answer = resolve));
      await save(...args);
    };
    duo.add(2, clock.nowMs() + 1_000, 10);
    await clock.sleep(10 * intervalMs, never);
    expect(feed.sink.ids).toHaveLength(7);
    expect(told()).toHaveLength(1);
    expect([feed.status.phase, feed.status.activity.step]).toEqual(['retrying', 'save']);
    store.save = save;
    answer();
    await clock.sleep(2 * intervalMs, never);
    expect([feed.status.phase, feed.sink.ids.length]).toEqual(['running', 7]);
    await end();
  });

  it('is none of those that wait for a server, for Duo or for its limit', async () => {
    const { feed, clock, duo, told, end } = running();
    await clock.sleep(1_000, never);
    let confirm = (): void => undefined;
    feed.sink.answer = () => new Promise((resolve) => (confirm = () => resolve(undefined)));
    duo.add(2, clock.nowMs() + 1_000, 10);
    await clock.sleep(20 * intervalMs, never);
    expect(told()).toEqual([]);
    confirm();
    await end();
  });
});
