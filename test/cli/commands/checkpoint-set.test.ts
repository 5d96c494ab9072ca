import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/commands/run.ts';
import { acquireLock } from '../../../src/control/lock.ts';
import { makeEvents } from '../../../src/simulator/history.ts';
import { fakeIo } from '../fake-io.ts';
import { nowMs, hour, at, storedFeeds } from './stored-feeds.ts';

type Place = Awaited<ReturnType<typeof storedFeeds>>;
let place: Place;
let duo: Place['duo'];
let siem: Place['siem'];
let workplace: Place['workplace'];
let state: Place['state'];
let save: Place['save'];
let file: Place['file'];
let on: Place['on'];
let list: Place['list'];

beforeEach(async () => {
  place = await storedFeeds();
  ({ duo, siem, workplace, state, save, file, on, list } = place);
});
afterEach(() => place.remove());

describe('checkpoint set', () => {
  it('says what would be repeated or skipped, and changes nothing without --yes', async () => {
    await save('auth', nowMs - 2 * hour);
    const before = await readFile(await file('auth'), 'utf8');
    const back = await on('set', 'auth > siem', at(5));
    expect(back.code).toBe(2);
    expect(back.out).toContain(
      `from ${at(5)} instead of ${at(2)}: events of these 3 h are sent AGAIN.`,
    );
    expect(back.out).toContain('Nothing is changed yet: add --yes.');
    const forward = await on('set', 'auth > siem', at(1));
    expect(forward.out).toContain('events of these 1 h are SKIPPED and never sent.');
    expect((await on('set', 'auth > siem', '200d')).out).toContain('Duo has nothing older than');
    expect(await readFile(await file('auth'), 'utf8')).toBe(before);
  });

  it('lets the feed go on from there, keeps the record of before, and tells it in the log', async () => {
    duo.add('auth', makeEvents('auth', { count: 5, fromMs: nowMs - 4 * hour, stepMs: hour / 2 }));
    const once = () => run(workplace.configFile, { once: true, interval: 1, rate: 6000 }, fakeIo());
    expect(await once()).toBe(0);
    expect(siem.lines()).toHaveLength(5);
    const old = await readFile(await file('auth'));
    const { code, out } = await on('set', 'auth > siem', at(2.75), '--yes');
    expect(code).toBe(0);
    const [kept = ''] = await readdir(join(state, 'quarantine'));
    expect(out).toContain(join(state, 'quarantine', kept));
    expect(await readFile(join(state, 'quarantine', kept))).toEqual(old);
    expect(await workplace.log()).toMatch(
      /WARNING A checkpoint was set by hand code=checkpoint_repeated/,
    );
    expect(await once()).toBe(0);
    expect(siem.lines()).toHaveLength(7);
  });

  it('refuses while the program runs', async () => {
    await save('auth', nowMs - 2 * hour);
    const lock = await acquireLock({ stateDirectory: state, describe: () => ({ pid: 4711 }) });
    try {
      const { code, err } = await on('set', 'auth > siem', '5h', '--yes');
      expect(code).toBe(75);
      expect(err).toContain('pid 4711');
    } finally {
      await lock.release();
    }
    expect(await list()).toContain(at(2));
  });

  it('refuses what is no time, what is not over, and a feed that it does not know', async () => {
    await save('auth', nowMs);
    for (const time of ['soon', '2026-02-31', '2999-01-01', '-1d'])
      expect([time, (await on('set', 'auth > siem', time, '--yes')).code]).toEqual([time, 2]);
    expect((await on('set', 'auht', '1d', '--yes')).code).toBe(2);
  });
});
