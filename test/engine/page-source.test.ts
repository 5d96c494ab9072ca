import { describe, expect, it } from 'vitest';
import { createRateLimiter } from '../../src/duo/rate-limit.ts';
import type { PageSource } from '../../src/engine/page-source.ts';
import { type Bench, bench, intervalMs, never } from './parts.ts';
import { TestClock, rest } from './test-clock.ts';

const params = { mintime: '0', maxtime: '9999999999999', limit: '1000', sort: 'ts:asc' };

async function ask(source: PageSource, tick: number, signal = never, what = params) {
  const call = await source.prepare(what, tick, signal);
  return source.fetch(call, what, signal);
}

function filled(rows = 3): Bench {
  const parts = bench();
  parts.duo.add(rows, parts.clock.startMs - 60_000);
  return parts;
}

describe('the poll clock of a source', () => {
  it('beats at once for whoever comes first', async () => {
    const { clock, source } = bench();
    expect(await source().tick(-1, never)).toEqual({ number: 0, nowMs: clock.startMs });
  });

  it('lets all who are caught up wait for the same beat and gives them the same time', async () => {
    const { clock, source } = bench();
    const one = source();
    const first = await one.tick(-1, never);
    await clock.sleep(30_000, never);
    const [a, b] = await Promise.all([
      one.tick(first.number, never),
      one.tick(first.number, never),
    ]);
    expect(a).toEqual({ number: 1, nowMs: clock.startMs + intervalMs });
    expect(b).toBe(a);
  });

  it('does not make one who comes between two beats wait', async () => {
    const { clock, source } = bench();
    const one = source();
    const first = await one.tick(-1, never);
    await clock.sleep(30_000, never);
    expect(await one.tick(-1, never)).toBe(first);
  });

  it('lets go of one who is told to stop', async () => {
    const { source } = bench();
    const one = source();
    await one.tick(-1, never);
    const stop = new AbortController();
    const waiting = one.tick(0, stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});

describe('the calls of a source', () => {
  it('are one for all feeds that ask the same', async () => {
    const { duo, source } = filled();
    const shared = source(true);
    const answers = await Promise.all([ask(shared, 0), ask(shared, 0), ask(shared, 0)]);
    expect(new Set(answers).size).toBe(1);
    expect(duo.asked).toHaveLength(1);
  });

  it('are one also for a feed that comes after the answer, within the same beat', async () => {
    const { duo, source } = filled();
    const shared = source(true);
    expect(await ask(shared, 0)).toBe(await ask(shared, 0));
    expect(duo.asked).toHaveLength(1);
  });

  it('are made anew on another beat when the answer was the last page, because more may have come', async () => {
    const { duo, source } = filled();
    const shared = source(true);
    await ask(shared, 0);
    await ask(shared, 1);
    expect(duo.asked).toHaveLength(2);
  });

  it('serve a page that is not the last one on another beat too', async () => {
    const { duo, source } = filled();
    duo.pageLimit = 2;
    const shared = source(true);
    await ask(shared, 0);
    await ask(shared, 1);
    expect(duo.asked).toHaveLength(1);
  });

  it('keep no answer when only one server reads the source', async () => {
    const { cache, duo, source } = filled();
    const alone = source(false);
    await ask(alone, 0);
    expect(cache.bytes).toBe(0);
    await ask(alone, 0);
    expect(duo.asked).toHaveLength(2);
  });

  it('keep the newest answer only', async () => {
    const { cache, duo, source } = filled();
    duo.pageLimit = 1;
    const shared = source(true);
    await ask(shared, 0);
    const bytes = cache.bytes;
    await ask(shared, 0, never, { ...params, mintime: String(Date.UTC(2026, 0, 10, 11, 59, 1)) });
    expect(bytes).toBeGreaterThan(0);
    expect(cache.bytes).toBe(bytes);
  });

  it('go on for the others when the feed that began one leaves', async () => {
    const { duo, source } = filled();
    let open = (): void => undefined;
    duo.gate = new Promise((resolve) => (open = resolve));
    const shared = source(true);
    const leaver = new AbortController();
    const first = ask(shared, 0, leaver.signal);
    const second = ask(shared, 0);
    await rest();
    leaver.abort(new Error('left'));
    await expect(first).rejects.toThrow('left');
    open();
    expect((await second).lists.get('authlogs')).toHaveLength(3);
    expect(duo.asked).toHaveLength(1);
  });

  it('are forgotten when they fail, so that the next try is a new one', async () => {
    const { duo, source } = filled();
    duo.fault = (call) => (call === 1 ? 'duo_timeout' : undefined);
    const shared = source(true);
    const both = await Promise.allSettled([ask(shared, 0), ask(shared, 0)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(duo.asked).toHaveLength(1);
    expect((await ask(shared, 0)).lists.get('authlogs')).toHaveLength(3);
    expect(duo.asked).toHaveLength(2);
  });

  it('tell the limiter when Duo refuses one as too many, and the next one waits at least a minute', async () => {
    const { clock, duo, source } = filled();
    const limiter = createRateLimiter({ clock });
    duo.fault = (call) => (call === 1 ? 'duo_rate_limited' : undefined);
    const one = source(false, limiter);
    await expect(ask(one, 0)).rejects.toMatchObject({ code: 'duo_rate_limited' });
    expect(limiter.state().blockedMs).toBeGreaterThanOrEqual(60_000);
    await ask(one, 0);
    expect(clock.nowMs() - clock.startMs).toBeGreaterThanOrEqual(60_000);
  });

  it('tell the limiter when one is answered, so that the next refusal counts as the first again', async () => {
    const { duo, source } = filled();
    const clock = new TestClock();
    const limiter = createRateLimiter({ clock });
    duo.fault = (call) => (call % 2 === 1 ? 'duo_rate_limited' : undefined);
    const one = source(false, limiter);
    await expect(ask(one, 0)).rejects.toThrow();
    await ask(one, 0);
    await expect(ask(one, 0)).rejects.toThrow();
    expect(limiter.state().blockedMs).toBeLessThanOrEqual(60_000);
  });

  it('are not waited for any longer by one who is told to stop while Duo lets none go', async () => {
    const { source, limiter } = filled();
    limiter.rejected(3_600_000);
    const stop = new AbortController();
    const waiting = ask(source(), 0, stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(limiter.state().blockedMs).toBeGreaterThan(3_000_000);
  });

  it('leave the limiter alone when Duo fails otherwise', async () => {
    const { clock, duo, source } = filled();
    const limiter = createRateLimiter({ clock });
    duo.fault = () => 'duo_server_error';
    await expect(ask(source(false, limiter), 0)).rejects.toThrow();
    expect(limiter.state().blockedMs).toBe(0);
  });
});

describe('a source behind another', () => {
  it('has the same leave from Duo, and refusals and answers of its own', async () => {
    const { source, duo, limiter } = filled();
    const front = source();
    const behind = front.behind(() => false);
    await ask(front, 0);
    await ask(behind, 0);
    expect(duo.asked).toHaveLength(2);
    duo.fault = () => 'duo_forbidden';
    await expect(ask(behind, 1)).rejects.toMatchObject({ code: 'duo_forbidden' });
    duo.fault = () => undefined;
    await ask(front, 2);
    duo.fault = () => 'duo_rate_limited';
    const another = front.behind(() => false);
    await expect(ask(another, 3)).rejects.toMatchObject({ code: 'duo_rate_limited' });
    expect(front.blockedMs()).toBeGreaterThan(50_000);
    expect(limiter.blockedMs()).toBe(another.blockedMs());
  });
});
