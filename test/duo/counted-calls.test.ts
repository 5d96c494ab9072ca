import { describe, expect, it } from 'vitest';
import type { ApiAnswer } from '../../src/core/types.ts';
import type { DuoApi } from '../../src/duo/api.ts';
import { CallCounts, counted } from '../../src/duo/counted-calls.ts';
import { failure } from '../../src/duo/failures.ts';
import { account, never } from '../engine/parts.ts';
import { TestClock } from '../engine/test-clock.ts';

const request = { account, method: 'GET', path: '/', params: {} } as const;

function api(send: DuoApi['send']) {
  const counts = new CallCounts();
  const clock = new TestClock();
  let closed = 0;
  const inner: DuoApi = { send, nowMs: () => 42, close: async () => void (closed += 1) };
  const nameOf = (path: string): string => (path === '/' ? 'auth' : 'other');
  return { counts, clock, api: counted(inner, counts, clock, nameOf), closed: () => closed };
}

describe('calls to Duo', () => {
  it('are counted, and pass through unchanged', async () => {
    const answer = { size: 1 } as ApiAnswer;
    const { api: one, counts, closed } = api(async () => answer);
    expect(await one.send(request, never)).toBe(answer);
    expect([counts.calls, counts.limited, counts.lastError, one.nowMs()]).toEqual([
      1,
      0,
      undefined,
      42,
    ]);
    await one.close();
    expect(closed()).toBe(1);
  });

  it('that Duo told to wait are counted for themselves, others are the last error', async () => {
    const codes = ['duo_rate_limited', 'duo_server_error', 'duo_rate_limited'] as const;
    let next = 0;
    const {
      api: one,
      counts,
      clock,
    } = api(async () => {
      throw failure(codes[next++] ?? 'duo_timeout', 'no');
    });
    for (const code of codes) {
      await expect(one.send(request, never)).rejects.toMatchObject({ code });
    }
    expect([counts.calls, counts.limited]).toEqual([3, 2]);
    expect(counts.lastError).toMatchObject({ atMs: clock.startMs, code: 'duo_server_error' });
  });

  it('that were aborted are no error of Duo', async () => {
    const { api: one, counts } = api((_request, signal) => Promise.reject(signal.reason as Error));
    await expect(one.send(request, AbortSignal.abort(new Error('stopped')))).rejects.toThrow();
    expect([counts.calls, counts.lastError]).toEqual([1, undefined]);
    expect(counts.of('auth').codes).toEqual(new Map([['aborted', 1]]));
    expect(counts.of('auth').latency.buckets.every((count) => count === 0)).toBe(true);
  });

  it('are counted by what they asked for and how they ended, with the time that they took', async () => {
    let answers = 0;
    const {
      api: one,
      counts,
      clock,
    } = api(async (_request, signal) => {
      await clock.sleep(700, signal);
      if ((answers += 1) === 2) throw failure('duo_rate_limited', 'wait');
      return {} as ApiAnswer;
    });
    await one.send(request, never);
    await expect(one.send(request, never)).rejects.toThrow();
    await one.send({ ...request, path: '/accounts' }, never);
    const { codes, latency } = counts.of('auth');
    expect(codes).toEqual(
      new Map([
        ['ok', 1],
        ['duo_rate_limited', 1],
      ]),
    );
    expect(latency.buckets).toEqual([0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]);
    expect(latency.seconds).toBeCloseTo(1.4, 6);
    expect([...counts.byEndpoint.keys()]).toEqual(['auth', 'other']);
  });
});
