import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acknowledge, gapForMachines, openGapsOf } from '../../src/checkpoint/acknowledge.ts';
import { acknowledgedPath } from '../../src/checkpoint/acknowledged.ts';
import { openGaps } from '../../src/checkpoint/gaps.ts';
import { silentLogger } from '../../src/core/log.ts';
import { TestClock } from '../engine/test-clock.ts';

let state = '';
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'acknowledge-'));
  const store = await openGaps({ directory: state, clock: new TestClock(), log: silentLogger });
  await store.add(
    [3, 1, 2].map((day) => ({
      kind: 'second' as const,
      feedId: 'auth > siem',
      account: { id: undefined, name: 'api-1' },
      endpoint: 'auth',
      serverId: 'siem',
      fromMs: Date.UTC(2026, 0, day),
      toMs: Date.UTC(2026, 0, day, 1),
      reason: 'too many',
    })),
  );
});
afterEach(() => rm(state, { recursive: true, force: true }));

const days = async (): Promise<number[]> =>
  (await openGapsOf(state)).map(({ fromMs }) => new Date(fromMs).getUTCDate());

describe('gaps', () => {
  it('are listed oldest first until they are acknowledged, one or all', async () => {
    expect(await days()).toEqual([1, 2, 3]);
    const [first] = await openGapsOf(state);
    expect(await acknowledge(state, [first?.id ?? ''])).toEqual([first]);
    expect(await days()).toEqual([2, 3]);
    expect(await acknowledge(state, 'all')).toHaveLength(2);
    expect(await days()).toEqual([]);
    expect(await acknowledge(state, 'all')).toEqual([]);
  });

  it('stay as they are when one that is asked for is not there', async () => {
    const [first] = await openGapsOf(state);
    await expect(acknowledge(state, [first?.id ?? '', 'nothing'])).rejects.toMatchObject({
      code: 'no_such_gap',
      message: 'there is no unacknowledged gap nothing',
    });
    expect(await days()).toEqual([1, 2, 3]);
    await expect(readFile(acknowledgedPath(state))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('are JSON for machines, in UTC', async () => {
    const [first] = await openGapsOf(state);
    if (first === undefined) throw new Error('no gap');
    expect(gapForMachines(first)).toMatchObject({
      feed: 'auth > siem',
      account: null,
      from: '2026-01-01T00:00:00.000Z',
      kind: 'second',
    });
  });
});
