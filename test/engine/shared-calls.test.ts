import { describe, expect, it } from 'vitest';
import { adminaction } from '../../src/endpoints/adminaction.ts';
import { runFeed } from '../../src/engine/feed.ts';
import { PageSource } from '../../src/engine/page-source.ts';
import { Slots } from '../../src/engine/slots.ts';
import { begin } from '../../src/engine/window.ts';
import { answerOf } from './fake-duo.ts';
import { type Bench, bench, FakeSink, intervalMs, never } from './parts.ts';
import { rest } from './test-clock.ts';

const hourMs = 3_600_000;

/** Duo's administrator log: always a full page, so that more may follow. */
function secondsSource(parts: Bench): PageSource {
  const rows = Array.from({ length: 1000 }, (_, i) =>
    JSON.stringify({ timestamp: 1_768_046_000 + i }),
  );
  const answer = answerOf('', rows);
  parts.duo.send = async ({ params }) => {
    parts.duo.asked.push(params);
    return answer;
  };
  return new PageSource({
    account: parts.feed('any').account,
    endpoint: adminaction,
    name: 'adminaction',
    api: parts.duo,
    limiter: parts.limiter,
    clock: parts.clock,
    intervalMs,
    shared: () => true,
    cache: parts.cache,
    stop: never,
  });
}

describe('an answer', () => {
  it('to a request without an end is not given to a feed that comes hours later', async () => {
    const parts = bench();
    const source = secondsSource(parts);
    const ask = async (tick: number): Promise<unknown> => {
      const params = { mintime: '1768046000' };
      return source.fetch(await source.prepare(params, tick, never), params, never);
    };
    await Promise.all([ask(0), ask(0)]);
    expect(parts.duo.asked).toHaveLength(1);
    await parts.clock.sleep(3 * hourMs, never);
    await ask((await source.tick(0, never)).number);
    expect(parts.duo.asked).toHaveLength(2);
  });

  it('is not held by a feed that waits for a place once another has had it and gone on', async () => {
    const parts = bench();
    parts.duo.add(3, parts.clock.startMs - 600_000);
    const source = parts.source(true);
    const [first, second] = ['0', '1'].map((mintime) => ({ mintime, maxtime: '9999999999999' }));
    if (first === undefined || second === undefined) throw new Error('two requests');
    const [waiting, quick] = await Promise.all([
      source.prepare(first, 0, never),
      source.prepare(first, 0, never),
    ]);
    await source.fetch(quick, first, never);
    await source.fetch(await source.prepare(second, 0, never), second, never);
    expect(waiting).toMatchObject({ dropped: true, answer: undefined });
  });

  it('is asked for anew by a feed that got its place too late', async () => {
    const parts = bench();
    parts.duo.add(3, parts.clock.startMs - 600_000);
    const [source, slots, sink] = [parts.source(true), new Slots(), new FakeSink()];
    let revive = (): void => undefined;
    const revived = new Promise<void>((resolve) => (revive = resolve));
    const taken = Array.from({ length: 16 }, () => slots.run(never, () => revived));
    const feeds = [parts.feed('down', { source, slots, sink }), parts.feed('up', { source })];
    const start = { cursor: begin(parts.clock.startMs - hourMs) };
    const running = feeds.map((feed) =>
      runFeed(feed, start, parts.tools(), parts.stop.signal, parts.abandon.signal),
    );
    await parts.clock.sleep(2.5 * intervalMs, never);
    const before = parts.duo.asked.length;
    revive();
    await Promise.all(taken);
    await rest();
    await parts.clock.sleep(1_000, never);
    expect(sink.ids).toEqual(['t0', 't1', 't2']);
    expect(parts.duo.asked[before]).toEqual(parts.duo.asked[0]);
    parts.stop.abort(new Error('done'));
    await Promise.all(running);
  });
});

describe('a beat', () => {
  it('is given only for one interval, so that no feed asks with an old time', async () => {
    const parts = bench();
    const source = parts.source();
    await source.tick(-1, never);
    await parts.clock.sleep(3 * intervalMs, never);
    expect(await source.tick(-1, never)).toEqual({ number: 1, nowMs: parts.clock.nowMs() });
  });

  it('that a wrong clock gave is replaced at once when Duo has told its time', async () => {
    const parts = bench();
    let aheadMs = hourMs;
    parts.duo.nowMs = () => parts.clock.nowMs() + aheadMs;
    const source = parts.source();
    const wrong = await source.tick(-1, never);
    aheadMs = 0;
    expect(await source.tick(wrong.number, never)).toEqual({
      number: wrong.number + 1,
      nowMs: parts.clock.startMs,
    });
  });
});
