import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Account } from '../../src/core/types.ts';
import { Engine, type EngineOptions, type OpenFeed } from '../../src/engine/engine.ts';
import type { Feed } from '../../src/engine/feed.ts';
import { PageSource } from '../../src/engine/page-source.ts';
import { Slots } from '../../src/engine/slots.ts';
import { auth } from '../../src/endpoints/auth.ts';
import { FakeDuo } from './fake-duo.ts';
import { type Bench, bench, FakeSink, intervalMs } from './parts.ts';

const minuteMs = 60_000;
const child = (n: number, apiHost = `c${n}.test`): Account => ({ id: `DA${n}`, name: '', apiHost });
const [one, two] = [child(1), child(2)];

/** An engine whose accounts are set by the test; each has one feed and a log of its own. */
function place(parts: Bench = bench()) {
  const slots = new Slots();
  const sink = new FakeSink();
  const open = new Set<OpenFeed>();
  const opened: Account[] = [];
  /** How many sets of one account were ever open at the same time. */
  const most = { open: 0 };
  const duos = new Map<string | undefined, FakeDuo>();
  const duoOf = (account: Account): FakeDuo => {
    const duo = duos.get(account.id) ?? new FakeDuo(parts.clock);
    duos.set(account.id, duo);
    return duo;
  };
  const feedOf = (account: Account): Feed => {
    const { limiter, clock, cache, stop } = parts;
    const source = new PageSource({
      ...{ account, endpoint: auth, name: 'auth', api: duoOf(account), limiter, clock, intervalMs },
      ...{ shared: () => true, cache, stop: stop.signal },
    });
    const feed = parts.feed('siem', { account, source, slots, sink });
    const identity = { ...feed.identity, accountId: account.id };
    return { ...feed, id: account.id ?? '', identity, sink };
  };
  const openFeed = (account: Account): OpenFeed => {
    opened.push(account);
    const feed = feedOf(account);
    const opening: OpenFeed = {
      feed,
      close: () => {
        open.delete(opening);
        feed.source.forget();
      },
    };
    open.add(opening);
    const same = [...open].filter((other) => other.feed.account.id === account.id);
    most.open = Math.max(most.open, same.length);
    return opening;
  };
  const options: EngineOptions = {
    flush: () => sink.flush(),
    feedTools: parts.tools(),
    beginTools: {
      checkpoints: parts.store,
      clock: parts.clock,
      log: parts.log,
      sinceMs: () => parts.clock.startMs - 60 * minuteMs,
      takeOver: async () => undefined,
    },
    graceMs: 25_000,
  };
  const engine = new Engine(options, parts.stop.signal, parts.abandon.signal);
  const wait = (ms: number): Promise<void> => parts.clock.sleep(ms, parts.stop.signal);
  const stop = async (): Promise<void> => {
    parts.stop.abort(new Error('the end'));
    await engine.ended();
  };
  const idsOf = (account: Account): string[] =>
    sink.confirmed
      .filter(({ feedId }) => feedId === account.id)
      .flatMap(({ lines }) => lines.map(({ id }) => id));
  const add = (account: Account, count: number) =>
    duoOf(account).add(count, parts.clock.nowMs() - 1000, 1);
  const set = (...now: readonly Account[]) =>
    engine.become(
      now.map((account) => ({
        id: account.id ?? '',
        fingerprint: JSON.stringify(account),
        open: () => openFeed(account),
      })),
    );
  return {
    ...parts,
    stopSignal: parts.stop.signal,
    sink,
    open,
    opened,
    most,
    duoOf,
    add,
    set,
    wait,
    stop,
    idsOf,
  };
}

describe('an account that comes', () => {
  it('is started without disturbing the others', async () => {
    const { add, set, wait, stop, idsOf, opened } = place();
    add(one, 3);
    set(one);
    await wait(minuteMs);
    add(two, 2);
    set(two, one);
    await wait(minuteMs);
    expect([idsOf(one).length, idsOf(two).length]).toEqual([3, 2]);
    expect(opened).toEqual([one, two]);
    await stop();
  });
});

describe('an account that goes', () => {
  it('ends its feeds, keeps its checkpoint, and goes on there when it is back', async () => {
    const { add, set, wait, stop, idsOf, open, store } = place();
    for (const account of [one, two]) add(account, 3);
    set(one, two);
    await wait(minuteMs);
    set(one);
    await wait(minuteMs);
    expect(open.size).toBe(1);
    expect(await store.list()).toHaveLength(2);
    for (const account of [one, two]) add(account, 2);
    await wait(5 * minuteMs);
    expect([idsOf(one).length, idsOf(two).length]).toEqual([5, 3]);
    set(one, two);
    await wait(minuteMs);
    expect(idsOf(two)).toEqual(['t0', 't1', 't2', 't3', 't4']);
    await stop();
  });

  it('finishes what it delivers, but not for longer than its grace', async () => {
    const { add, set, wait, stop, sink, idsOf, open, clock } = place();
    const takes = new Map([
      [one.id, 10_000],
      [two.id, 10 * minuteMs],
    ]);
    sink.answer = async ({ feedId }, signal) => {
      await clock.sleep(takes.get(feedId) ?? 0, signal);
      signal.throwIfAborted();
      return undefined;
    };
    for (const account of [one, two]) add(account, 3);
    set(one, two);
    await wait(1000);
    set();
    await wait(20_000);
    expect([idsOf(one).length, open.size]).toEqual([3, 1]);
    await wait(10_000);
    expect([idsOf(two).length, open.size]).toEqual([0, 0]);
    await stop();
  });
});

describe('an account that has moved to another host', () => {
  it('is called there, after its feeds have ended at the old one', async () => {
    const { add, set, wait, stop, opened, idsOf, open, most, sink, clock } = place();
    sink.answer = async (_, signal) => {
      await clock.sleep(10_000, signal);
      return undefined;
    };
    add(one, 3);
    set(one);
    await wait(1000);
    const moved = child(1, 'new.test');
    set(moved);
    add(moved, 2);
    await wait(3 * minuteMs);
    expect(opened).toEqual([one, moved]);
    expect(idsOf(moved)).toHaveLength(5);
    expect(new Set(idsOf(moved)).size).toBe(5);
    expect([open.size, most.open]).toEqual([1, 1]);
    await stop();
  });

  it('or has another name is known by it, and goes on', async () => {
    const { add, set, wait, stop, opened, idsOf } = place();
    add(one, 3);
    set(one);
    await wait(minuteMs);
    set({ ...one, name: 'New' });
    add(one, 2);
    await wait(3 * minuteMs);
    expect(opened.map(({ name }) => name)).toEqual(['', 'New']);
    expect(idsOf(one)).toHaveLength(5);
    await stop();
  });

  it('runs once, however fast it goes to and fro', async () => {
    const { add, set, wait, stop, idsOf, open } = place();
    add(one, 3);
    for (let i = 0; i < 20; i += 1) set(...(i % 3 === 0 ? [] : [child(1, `h${i}.test`)]));
    set(one);
    await wait(2 * minuteMs);
    expect(idsOf(one)).toEqual(['t0', 't1', 't2']);
    expect(open.size).toBe(1);
    await stop();
  });
});

describe('a thousand accounts that come and go', () => {
  it('leave nothing behind: no listener, no timer, no page, no feed', async () => {
    const { add, set, wait, stop, open, ...parts } = place();
    add(one, 3);
    set(one);
    await wait(minuteMs);
    const left = () => ({
      stop: getEventListeners(parts.stopSignal, 'abort').length,
      abandon: getEventListeners(parts.abandon.signal, 'abort').length,
      timers: parts.clock.sleeping.length,
      bytes: parts.cache.bytes,
      open: open.size,
    });
    const before = left();
    for (let n = 2; n < 1002; n += 1) {
      add(child(n), 1);
      set(one, child(n));
      await wait(1000);
    }
    set(one);
    await wait(minuteMs);
    expect(parts.sink.confirmed).toHaveLength(1001);
    const { bytes, ...others } = left();
    expect(bytes).toBeLessThanOrEqual(before.bytes);
    expect({ ...others, bytes: before.bytes }).toEqual(before);
    await stop();
  });
});

describe('one child with a huge backlog', () => {
  it('does not hold up fifty small ones, though its feeds alone would fill the server', async () => {
    const { add, set, wait, stop, sink, clock, duoOf, idsOf } = place();
    sink.answer = async () => {
      await clock.sleep(1000, new AbortController().signal);
      return undefined;
    };
    const big = Array.from({ length: 20 }, (_, n) => child(1000 + n));
    const small = Array.from({ length: 50 }, (_, n) => child(n));
    for (const account of big) {
      duoOf(account).pageLimit = 10;
      add(account, 5_000);
    }
    set(...big);
    await wait(30_000);
    for (const account of small) add(account, 1);
    set(...big, ...small);
    const before = sink.confirmed.length;
    while (!small.every((account) => idsOf(account).length === 1)) await wait(500);
    // Each of the others had one turn, at most, and what was in the places already.
    expect(sink.confirmed.length - before).toBeLessThanOrEqual(50 + 20 + 2 * 16);
    expect(big.every((account) => idsOf(account).length < 5_000)).toBe(true);
    await stop();
  });
});
