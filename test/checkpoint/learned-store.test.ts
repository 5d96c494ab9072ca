import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  borrowLearned,
  openLearned,
  type LearnedStore,
} from '../../src/checkpoint/learned-store.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import { brokenFileSystem } from '../core/broken-file-system.ts';

let directory: string;
let path: string;
let logged: string[];
const note = (sentence: string): void => void logged.push(sentence);
const log = { ...silentLogger, warn: note, info: note };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'learned-'));
  path = join(directory, 'learned.json');
  logged = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (more: object = {}): Promise<LearnedStore> =>
  openLearned({ path, clock: systemClock, log, ...more });

describe('what was learned', () => {
  it('is there at once, and in the next process after a flush', async () => {
    const learned = await open();
    expect(learned.get('rate')).toBeUndefined();
    learned.set('rate', { perMinute: 12, 'why"': [null, true] });
    learned.set('__proto__', 1);
    expect(learned.get('rate')).toEqual({ perMinute: 12, 'why"': [null, true] });
    await learned.flush();
    const next = await open();
    expect(next.get('rate')).toEqual({ perMinute: 12, 'why"': [null, true] });
    expect(next.get('__proto__')).toBe(1);
    expect(logged).toEqual([]);
  });

  it('is written soon after by itself, many changes at once', async () => {
    const waits: (() => void)[] = [];
    let writes = 0;
    const clock = {
      ...systemClock,
      sleep: (_ms: number) => new Promise<void>((resolve) => waits.push(resolve)),
    };
    const fs = brokenFileSystem((call) => {
      if (call === 'write') writes += 1;
      return undefined;
    });
    const learned = await open({ clock, fs });
    for (let value = 0; value < 100; value += 1) learned.set('a', value);
    expect(waits).toHaveLength(1);
    waits[0]?.();
    await expect.poll(() => readFile(path, 'utf8').catch(() => '')).toContain('"a":99');
    learned.set('a', 99);
    expect([waits.length, writes]).toEqual([1, 1]);
  });

  it('is written too when it changes while a flush is under way', async () => {
    const learned = await open();
    learned.set('a', 1);
    const flushed = learned.flush();
    learned.set('a', 2);
    await flushed;
    await expect.poll(() => readFile(path, 'utf8'), { timeout: 5000 }).toContain('"a":2');
  });

  it.each(['', 'garbage', '[]', '{"format":2,"values":{}}', '{"format":1,"values":3}'])(
    'begins empty, with a warning, when the file holds %j',
    async (content) => {
      await writeFile(path, content);
      const learned = await open();
      expect(learned.get('a')).toBeUndefined();
      expect(logged).toHaveLength(1);
      learned.set('a', 1);
      await learned.flush();
      expect((await open()).get('a')).toBe(1);
    },
  );

  it('survives a full disk: one warning, then it is saved after all', async () => {
    let full = true;
    const fs = brokenFileSystem((call) => (full && call === 'write' ? 'ENOSPC' : undefined));
    const learned = await open({ fs });
    learned.set('a', 1);
    await learned.flush();
    await learned.flush();
    expect(logged).toEqual(['What was learned at run time cannot be saved, it is tried again']);
    expect(await readdir(directory)).toEqual([]);
    full = false;
    await learned.flush();
    expect((await open()).get('a')).toBe(1);
    expect(logged[1]).toMatch(/saved again/);
  });

  it('can be borrowed by a command, which writes nothing', async () => {
    const learned = await open();
    learned.set('a', 1);
    await learned.flush();
    const borrowed = await borrowLearned({ path, clock: systemClock, log });
    borrowed.set('b', 2);
    expect([borrowed.get('a'), borrowed.get('b')]).toEqual([1, 2]);
    expect((await open()).get('b')).toBeUndefined();
  });
});
