import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import type { JsonValue } from '../../src/core/types.ts';
import type { RateLimiter } from '../../src/duo/api.ts';
import { createRateLimiter } from '../../src/duo/rate-limit.ts';
import { createServerModel, type Quota } from './rate-limit-model.ts';
import { VirtualClock } from './virtual-clock.ts';

const live = new AbortController().signal;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const quotas: readonly Quota[] = (['bucket', 'sliding', 'fixed'] as const).flatMap((kind) =>
  [2, 10, 50].flatMap((perMinute) => [
    { kind, perMinute, strict: false },
    { kind, perMinute, strict: true },
  ]),
);

interface Usage {
  readonly used: number;
  readonly refused: number;
}

/** A backlog without end: always one more call; counted is what happens after `learnMs`. */
async function drain(quota: Quota, learnMs: number, countMs: number): Promise<Usage> {
  const clock = new VirtualClock();
  const limiter = createRateLimiter({ clock });
  const ask = createServerModel(quota);
  const startMs = clock.nowMs();
  let granted = 0;
  let refused = 0;
  while (clock.nowMs() < startMs + learnMs + countMs) {
    await limiter.acquire(live);
    const yes = ask(clock.nowMs());
    clock.advance(150);
    if (yes) limiter.granted();
    else limiter.rejected();
    if (clock.nowMs() < startMs + learnMs) continue;
    if (yes) granted += 1;
    else refused += 1;
  }
  const possible = (Math.min(quota.perMinute, 60) * countMs) / minuteMs;
  return { used: granted / possible, refused: refused / (granted + refused) };
}

/** The waits between the grants of `count` calls in a row, in seconds. */
async function waits(limiter: RateLimiter, clock: Clock, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const beforeMs = clock.monotonicMs();
    await limiter.acquire(live);
    found.push(Math.round((clock.monotonicMs() - beforeMs) / 1000));
  }
  return found;
}

describe('under a limit that Duo does not tell', () => {
  it.each(quotas)(
    'a backlog uses 85 % of $perMinute calls a minute ($kind, refused calls count: $strict) and under 5 % are refused',
    async (quota) => {
      const usage = await drain(quota, 2 * hourMs, 24 * hourMs);
      expect(usage.used).toBeGreaterThan(0.85);
      expect(usage.refused).toBeLessThan(0.05);
    },
  );
});

describe('the pace of calls', () => {
  it('lets three pages go at once and then one a second', async () => {
    const clock = new VirtualClock();
    expect(await waits(createRateLimiter({ clock }), clock, 6)).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('halves after a refusal, a minute later, and does not rise for ten minutes', async () => {
    const clock = new VirtualClock();
    const limiter = createRateLimiter({ clock });
    for (let i = 0; i < 30; i += 1) {
      await limiter.acquire(live);
      limiter.granted();
    }
    await limiter.acquire(live);
    limiter.rejected();
    const half = limiter.state().perMinute;
    expect(half).toBeLessThanOrEqual(30);
    expect(await waits(limiter, clock, 1)).toEqual([60]);
    const startMs = clock.monotonicMs();
    while (clock.monotonicMs() < startMs + 9.5 * minuteMs) {
      await limiter.acquire(live);
      limiter.granted();
      expect(limiter.state().perMinute).toBe(half);
    }
    for (let i = 0; i < 100; i += 1) await limiter.acquire(live);
    expect(limiter.state().perMinute).toBeGreaterThan(half);
  });

  it('waits twice as long after each refusal in a row, up to ten minutes, and for one minute after a success', async () => {
    const clock = new VirtualClock();
    const limiter = createRateLimiter({ clock });
    const blocked: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      await limiter.acquire(live);
      limiter.rejected();
      blocked.push(limiter.state().blockedMs / 1000);
    }
    expect(blocked).toEqual([60, 120, 240, 480, 600, 600]);
    await limiter.acquire(live);
    limiter.granted();
    await limiter.acquire(live);
    limiter.rejected();
    expect(limiter.state().blockedMs).toBe(minuteMs);
  });

  it('waits as long as Duo says when that is longer', async () => {
    const limiter = createRateLimiter({ clock: new VirtualClock() });
    limiter.rejected(300_000);
    expect(limiter.state().blockedMs).toBe(300_000);
    limiter.rejected(1_000);
    expect(limiter.state().blockedMs).toBe(300_000);
  });

  it('never falls below one call in two minutes', async () => {
    const clock = new VirtualClock();
    const limiter = createRateLimiter({ clock });
    for (let i = 0; i < 40; i += 1) {
      await limiter.acquire(live);
      limiter.rejected();
    }
    expect(limiter.state().perMinute).toBe(0.5);
  });

  it('halves once for calls that were under way together', async () => {
    const limiter = createRateLimiter({ clock: new VirtualClock() });
    limiter.rejected();
    limiter.rejected();
    expect(limiter.state()).toMatchObject({ perMinute: 30, blockedMs: minuteMs });
  });

  it('finds out within a day that a limit was lifted', async () => {
    const clock = new VirtualClock();
    const learned = { refusedPerMinute: 2, busyMs: 0 };
    const limiter = createRateLimiter({ clock, learned });
    const startMs = clock.monotonicMs();
    while (clock.monotonicMs() < startMs + 24 * hourMs) {
      await limiter.acquire(live);
      limiter.granted();
    }
    expect(limiter.state().perMinute).toBe(60);
  });

  it('proves nothing by standing still: an idle night does not raise it', async () => {
    const clock = new VirtualClock();
    const limiter = createRateLimiter({ clock, learned: { refusedPerMinute: 2, busyMs: 0 } });
    for (let i = 0; i < 300; i += 1) {
      clock.advance(2.5 * minuteMs);
      await limiter.acquire(live);
      limiter.granted();
    }
    expect(limiter.state().perMinute).toBe(1);
  });

  it('survives a restart, with the rest of the wait', async () => {
    const clock = new VirtualClock();
    let learned: JsonValue | undefined;
    const onLearn = (value: JsonValue): void => void (learned = value);
    const first = createRateLimiter({ clock, onLearn });
    for (let i = 0; i < 2; i += 1) {
      await first.acquire(live);
      first.granted();
    }
    await first.acquire(live);
    first.rejected();
    clock.advance(20_000);
    const second = createRateLimiter({
      clock,
      learned: JSON.parse(JSON.stringify(learned)) as JsonValue,
    });
    expect(second.state()).toMatchObject({ perMinute: 1, blockedMs: 40_000 });
  });

  it.each([
    null,
    'x',
    [],
    {},
    { refusedPerMinute: -1, busyMs: 0 },
    { refusedPerMinute: 'a' },
    { blockedUntilMs: 'b' },
  ])('starts untaught from a memory that is damaged: %j', (learned) => {
    const limiter = createRateLimiter({ clock: new VirtualClock(), learned });
    expect(limiter.state()).toMatchObject({ perMinute: 60, blockedMs: 0 });
  });

  it('is the configured one, without a burst, where one is configured', async () => {
    const clock = new VirtualClock();
    const limiter = createRateLimiter({ clock, perMinute: 6 });
    expect(await waits(limiter, clock, 4)).toEqual([0, 10, 10, 10]);
    limiter.rejected();
    expect(await waits(limiter, clock, 3)).toEqual([60, 10, 10]);
  });
});

describe('those who wait for leave', () => {
  it('are served in the order in which they came', async () => {
    const clock = new VirtualClock();
    const limiter = createRateLimiter({ clock, perMinute: 60 });
    const served: number[] = [];
    await Promise.all(
      [1, 2, 3, 4, 5].map(async (who) => {
        await limiter.acquire(live);
        served.push(who);
      }),
    );
    expect(served).toEqual([1, 2, 3, 4, 5]);
  });

  it('may give up at once, wherever they stand, and hold up nobody', async () => {
    const clock = new VirtualClock();
    const limiter = createRateLimiter({ clock, perMinute: 60 });
    await limiter.acquire(live);
    const startMs = clock.monotonicMs();
    const leaving = new AbortController();
    const gone = [leaving.signal, leaving.signal].map((signal) => limiter.acquire(signal));
    const staying = limiter.acquire(live);
    const reason = new Error('stopped');
    leaving.abort(reason);
    for (const one of gone) await expect(one).rejects.toBe(reason);
    expect(clock.monotonicMs()).toBe(startMs);
    await staying;
    expect(clock.monotonicMs() - startMs).toBe(1000);
    expect(limiter.state().waiting).toBe(0);
    await expect(limiter.acquire(leaving.signal)).rejects.toBe(reason);
  });
});

describe('those who go behind', () => {
  it('leave the last call that may go at once to others, and let who waits go first', async () => {
    const clock = new VirtualClock();
    const limiter = createRateLimiter({ clock });
    const order: string[] = [];
    const go = (name: string, leave: Promise<void>): Promise<void> =>
      leave.then(() => void order.push(name));
    await limiter.acquireBehind(live);
    await limiter.acquireBehind(live);
    // Of three one is left: the next who is not behind has it at once.
    const beforeMs = clock.monotonicMs();
    await limiter.acquire(live);
    expect(clock.monotonicMs()).toBe(beforeMs);
    await Promise.all([
      go('behind', limiter.acquireBehind(live)),
      go('first', limiter.acquire(live)),
      go('second', limiter.acquire(live)),
    ]);
    expect(order).toEqual(['first', 'second', 'behind']);
  });

  it('wait out a refusal too, and may leave', async () => {
    const clock = new VirtualClock();
    const limiter = createRateLimiter({ clock });
    limiter.rejected();
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(limiter.acquireBehind(gone)).rejects.toThrow('gone');
    const beforeMs = clock.monotonicMs();
    await limiter.acquireBehind(live);
    expect(clock.monotonicMs() - beforeMs).toBeGreaterThanOrEqual(minuteMs);
  });

  it('are served at a fixed pace without a burst as well', async () => {
    const clock = new VirtualClock();
    const limiter = createRateLimiter({ clock, perMinute: 30 });
    const beforeMs = clock.monotonicMs();
    for (let i = 0; i < 3; i += 1) await limiter.acquireBehind(live);
    expect(clock.monotonicMs() - beforeMs).toBeGreaterThanOrEqual(4_000);
  });
});
