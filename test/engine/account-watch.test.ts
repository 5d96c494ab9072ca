import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Account, KnownAccount } from '../../src/core/types.ts';
import { fixedAccounts, mergeList, watchAccounts } from '../../src/engine/account-watch.ts';
import { createBlockList } from '../../src/engine/block-list.ts';
import { failure } from '../../src/duo/failures.ts';
import { never, recordingLog } from './parts.ts';
import { TestClock } from './test-clock.ts';

const hourMs = 3_600_000;
const child = (n: number, more: Partial<Account> = {}): Account => {
  return { id: `DA${n}`, name: `Child ${n}`, apiHost: `c${n}.test`, ...more };
};
const [one, two, three] = [child(1), child(2), child(3)];

interface World {
  /** What Duo lists now; an Error is thrown. */
  list: readonly Account[] | Error;
  disk?: readonly KnownAccount[] | undefined;
  diskFull?: boolean;
}

function place(world: World, block: readonly string[] = [], once = false) {
  const clock = new TestClock();
  const { log, said } = recordingLog();
  const stop = new AbortController();
  const calls: number[] = [];
  /** The ids of each set that was handed over. */
  const sets: string[][] = [];
  const last: { accounts: readonly Account[] } = { accounts: [] };
  const source = watchAccounts({
    list: async () => {
      calls.push(clock.monotonicMs());
      if (world.list instanceof Error) throw world.list;
      return world.list;
    },
    memory: {
      load: async () => world.disk,
      save: async (accounts) => {
        if (world.diskFull === true) throw new Error('disk full');
        world.disk = accounts;
      },
    },
    blocked: createBlockList(block),
    clock,
    log,
    refreshMs: hourMs,
    retry: { baseMs: 5_000, capMs: hourMs },
    once,
  });
  const watching = source.watch((accounts) => {
    last.accounts = accounts;
    sets.push(accounts.map(({ id }) => id ?? ''));
  }, stop.signal);
  const end = async (): Promise<void> => {
    stop.abort(new Error('the end'));
    expect(await watching).toBe(false);
  };
  const moment = (): Promise<void> => clock.sleep(1, never);
  const hours = (n: number): Promise<void> => clock.sleep(n * hourMs, never);
  const sentences = () => said.map(({ sentence }) => sentence);
  return { clock, said, calls, sets, last, watching, end, moment, hours, sentences, world };
}

describe('the list of accounts', () => {
  it('is asked for at the start and each hour after', async () => {
    const { calls, sets, hours, end } = place({ list: [one, two] });
    await hours(2.5);
    expect(calls).toEqual([0, hourMs, 2 * hourMs]);
    expect(new Set(sets.map(String))).toEqual(new Set(['DA1,DA2']));
    await end();
  });

  it('starts a new child at the next list, and tells of it', async () => {
    const { world, sets, hours, end, said } = place({ list: [one] });
    await hours(0.5);
    world.list = [one, two];
    await hours(1);
    expect(sets.at(-1)).toEqual(['DA1', 'DA2']);
    expect(said.at(-1)).toMatchObject({
      sentence: 'Child accounts are new',
      fields: { count: 1, accounts: 'Child 2 (DA2)' },
    });
    await end();
  });

  it('ends a child that two lists in a row lack, not one', async () => {
    const { world, sets, hours, end, sentences } = place({ list: [one, two] });
    await hours(0.5);
    world.list = [one];
    await hours(1);
    expect(sets.at(-1)).toEqual(['DA1', 'DA2']);
    await hours(1);
    expect(sets.at(-1)).toEqual(['DA1']);
    expect(sentences().slice(1)).toEqual([
      expect.stringContaining('are missing from the list'),
      'Child accounts are gone, their feeds end',
    ]);
    await end();
  });

  it('forgets that a child was missing once it is back', async () => {
    const { world, sets, hours, end } = place({ list: [one, two] });
    await hours(0.5);
    for (const list of [[one], [one, two], [one]]) {
      world.list = list;
      await hours(1);
      expect(sets.at(-1)).toEqual(['DA1', 'DA2']);
    }
    await end();
  });

  it('does not count a list that failed or was empty as one that lacks a child', async () => {
    const { world, sets, hours, end, said } = place({ list: [one, two] });
    await hours(0.5);
    world.list = [one];
    await hours(1);
    for (const list of [new Error('reset'), []]) {
      world.list = list;
      await hours(1);
      expect(sets.at(-1)).toEqual(['DA1', 'DA2']);
    }
    expect(said.filter(({ level }) => level === 'warn')).toMatchObject([
      { fields: { code: 'unexpected' } },
      { fields: { code: 'accounts_empty' } },
    ]);
    await end();
  });

  it('warns once of a list that goes on failing, and tells when it is well again', async () => {
    const { world, hours, end, said, sentences } = place({ list: [one] });
    await hours(0.5);
    world.list = failure('duo_timeout', 'no answer');
    await hours(10);
    expect(said.filter(({ level }) => level === 'warn')).toHaveLength(1);
    world.list = [one];
    await hours(1);
    expect(sentences().at(-1)).toBe('The child accounts are listed again');
    await end();
  });

  it('follows a child to another name or host: the id is what it is', async () => {
    const { world, last, hours, end } = place({ list: [one, two] });
    await hours(0.5);
    const moved = child(2, { name: 'Renamed', apiHost: 'other.test' });
    world.list = [one, moved];
    await hours(1);
    expect(last.accounts).toEqual([one, moved]);
    await end();
  });
});

describe('a start', () => {
  it('uses the list on disk, with a warning, when Duo gives none', async () => {
    const { sets, said, calls, moment, end } = place({
      list: new Error('down'),
      disk: [one, two],
    });
    await moment();
    expect(sets).toEqual([['DA1', 'DA2']]);
    expect(said[0]).toMatchObject({ level: 'warn', fields: { message: 'down' } });
    expect(said[1]).toMatchObject({ fields: { accounts: 2, from: 'the last known list' } });
    expect(calls).toHaveLength(1);
    await end();
  });

  it('tries for ever, ever more seldom, when there is none on disk either, and says so', async () => {
    const { world, sets, said, calls, hours, end } = place({ list: new Error('down') });
    await hours(24);
    expect(sets).toEqual([]);
    expect(said).toMatchObject([{ level: 'error', fields: { message: 'down' } }]);
    expect(calls.length).toBeGreaterThan(20);
    expect(calls.length).toBeLessThan(70);
    expect(calls[1]).toBeLessThanOrEqual(5_000);
    world.list = [one];
    await hours(1.1);
    expect(sets[0]).toEqual(['DA1']);
    await end();
  });

  it('waits as long as Duo asks for', async () => {
    const list = failure('duo_rate_limited', 'slowly', { retryAfterMs: 600_000 });
    const { calls, end, clock } = place({ list });
    await clock.sleep(1_000_000, never);
    expect(calls).toEqual([0, 600_000]);
    await end();
  });

  it('goes on with the count of missing lists where the last run stopped', async () => {
    const clock = new TestClock();
    const missing = (hours: number) => ({ ...two, missingSinceMs: clock.startMs - hours * hourMs });
    const gone = place({ list: [one], disk: [one, missing(1)] });
    await gone.moment();
    expect(gone.sets).toEqual([['DA1']]);
    await gone.end();
    const soon = place({ list: [one], disk: [one, missing(0.2)] });
    await soon.moment();
    expect(soon.sets).toEqual([['DA1', 'DA2']]);
    expect(soon.world.disk).toEqual([one, missing(0.2)]);
    await soon.end();
  });

  it('keeps the list on disk, blocked accounts too, and tries again when the disk is full', async () => {
    const { world, said, hours, end, sets } = place({ list: [one, two], diskFull: true }, ['DA2']);
    await hours(2.5);
    expect(sets.at(-1)).toEqual(['DA1']);
    expect(said.filter(({ fields }) => fields['code'] === 'accounts_not_saved')).toHaveLength(1);
    world.diskFull = false;
    await hours(1);
    expect(world.disk).toEqual([one, two]);
    await end();
  });
});

describe('with `once`', () => {
  it('it is asked for once', async () => {
    const { watching, calls, sets } = place({ list: [one] }, [], true);
    expect(await watching).toBe(true);
    expect([calls.length, sets]).toEqual([1, [['DA1']]]);
  });

  it('the list on disk does when Duo gives none, but it is not all', async () => {
    const { watching, sets } = place({ list: [], disk: [one] }, [], true);
    expect(await watching).toBe(false);
    expect(sets).toEqual([['DA1']]);
  });

  it('without any list there is nothing to read', async () => {
    const { watching, sets } = place({ list: new Error('down') }, [], true);
    expect(await watching).toBe(false);
    expect(sets).toEqual([]);
  });
});

describe('accounts that block_list leaves out', () => {
  it('are named in one line of bounded length at the first start alone', async () => {
    const many = Array.from({ length: 500 }, (_, n) => child(n, { name: 'x'.repeat(500) }));
    const world: World = { list: [...many, one] };
    const first = place(world, ['x*']);
    await first.moment();
    const [line] = first.said.filter(({ fields }) => fields['code'] === 'accounts_left_out');
    expect(line?.fields['count']).toBe(500);
    expect(line?.fields['accounts']).toMatch(/^.{1,2000} and 480 more$/);
    await first.end();
    const second = place(world, ['x*']);
    await second.moment();
    expect(second.sentences()).toEqual(['Child accounts are read']);
    expect(second.said[0]?.fields).toMatchObject({ left_out: 500 });
    await second.end();
  });

  it('may be none: the entries that fit nothing are named', async () => {
    const { said, moment, end } = place({ list: [one] }, ['nobody', 'no?e']);
    await moment();
    expect(said[1]?.fields).toMatchObject({ code: 'block_list_unused', entries: 'nobody, no?e' });
    await end();
  });

  it('follow their names: a child is left out or read as it is called now', async () => {
    const { world, sets, hours, end } = place({ list: [one, two] }, ['test*']);
    await hours(0.5);
    world.list = [one, child(2, { name: 'Test 2' })];
    await hours(1);
    expect(sets.at(-1)).toEqual(['DA1']);
    world.list = [one, two];
    await hours(1);
    expect(sets.at(-1)).toEqual(['DA1', 'DA2']);
    await end();
  });
});

describe('two lists in a row', () => {
  it('that lack a child, far enough apart, end it; nothing else does', () => {
    const list = fc.subarray([1, 2, 3]);
    const stepMs = fc.integer({ min: 1, max: 2 * hourMs });
    fc.assert(
      fc.property(fc.array(fc.tuple(list, stepMs), { minLength: 1 }), (lists) => {
        let known: readonly KnownAccount[] = [one, two, three];
        const lackedSince = new Map<number, number>();
        const alive = new Set([1, 2, 3]);
        let nowMs = 0;
        for (const [listed, step] of lists) {
          nowMs += step;
          known = mergeList(
            known,
            listed.map((n) => child(n)),
            nowMs,
            hourMs,
          );
          for (const n of [1, 2, 3]) {
            if (listed.includes(n)) {
              alive.add(n);
              lackedSince.delete(n);
            } else if (alive.has(n)) {
              const since = lackedSince.get(n) ?? nowMs;
              lackedSince.set(n, since);
              if (nowMs - since >= hourMs) alive.delete(n);
            }
            if (!alive.has(n)) lackedSince.delete(n);
          }
          expect(new Set(known.map(({ id }) => id))).toEqual(
            new Set([...alive].map((n) => `DA${n}`)),
          );
        }
      }),
    );
  });

  it('begin anew when the clock was set back', () => {
    const late = { ...one, missingSinceMs: 10 * hourMs };
    expect(mergeList([late], [two], hourMs, hourMs)).toEqual([
      two,
      { ...one, missingSinceMs: hourMs },
    ]);
  });
});

describe('one account', () => {
  it('is all that there is, at once', async () => {
    const sets: (readonly Account[])[] = [];
    expect(await fixedAccounts([one]).watch((accounts) => sets.push(accounts), never)).toBe(true);
    expect(sets).toEqual([[one]]);
  });
});
