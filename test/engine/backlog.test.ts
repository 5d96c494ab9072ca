import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/core/log.ts';
import { silentLogger } from '../../src/core/log.ts';
import { Backlog, type BacklogPage } from '../../src/engine/backlog.ts';

const nowMs = Date.UTC(2026, 0, 10);
const window = { mintimeMs: nowMs - 3_600_000, endMs: nowMs, nowMs, fromMs: nowMs - 3_600_000 };

interface Bench {
  readonly told: [string, Fields | undefined][];
  readonly page: (more: Partial<BacklogPage>) => void;
  readonly pass: (ms: number) => void;
}

function bench(): Bench {
  const told: [string, Fields | undefined][] = [];
  let passedMs = 0;
  const backlog = new Backlog(
    'auth > siem',
    { nowMs: () => nowMs, monotonicMs: () => passedMs, sleep: async () => undefined },
    { ...silentLogger, info: (sentence, fields) => told.push([sentence, fields]) },
  );
  return {
    told,
    pass: (ms) => (passedMs += ms),
    page: (more) =>
      backlog.page({
        rows: 1000,
        total: 10_000,
        window,
        positionMs: nowMs - 1000,
        more: true,
        ...more,
      }),
  };
}

describe('a catch-up', () => {
  it('tells at its begin how many rows are left, then once a minute with the time it will take, then its end', () => {
    const { told, page, pass } = bench();
    page({});
    expect(told).toEqual([['The feed catches up', expect.objectContaining({ rows_left: 9000 })]]);
    for (let n = 2; n <= 5; n += 1) {
      pass(20_000);
      page({ window: { ...window, offset: `${n}` } });
    }
    expect(told).toHaveLength(2);
    // Four pages in 60 s, the fourth just come: 3,000 rows took a minute, 6,000 are left.
    expect(told[1]?.[1]).toMatchObject({ rows_left: 6000, eta_minutes: 2 });
    page({ more: false, window: { ...window, offset: '10' } });
    expect(told[2]).toEqual(['The feed has caught up', { feed: 'auth > siem', minutes: 2 }]);
  });

  it('is not worth a word when it is short', () => {
    const { told, page } = bench();
    page({ total: 3000 });
    page({ total: 3000, more: false, window: { ...window, offset: '2' } });
    expect(told).toEqual([]);
  });

  it('goes by time where Duo does not count, or when an earlier process began it', () => {
    const { told, page, pass } = bench();
    page({ total: undefined, positionMs: nowMs - 3_600_000 });
    pass(60_000);
    page({ total: undefined, positionMs: nowMs - 1_800_000, window: { ...window, offset: '2' } });
    expect(told[0]?.[1]).toMatchObject({ eta_minutes: 1 });
    expect(told[0]?.[1]).toHaveProperty('rows_left', undefined);
    const other = bench();
    other.page({ window: { ...window, offset: 'of another process' } });
    expect(other.told).toEqual([]);
  });
});
