import { mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeFileSystem, type FileSystem } from '../../src/core/atomic-file.ts';
import { systemClock, type Clock } from '../../src/core/clock.ts';
import { RotatingFile, type RotatingFileOptions } from '../../src/core/rotating-file.ts';
import { brokenFileSystem } from './broken-file-system.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rotating-file-'));
  path = join(directory, 'a.log');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function open(options: Partial<RotatingFileOptions> = {}): RotatingFile {
  return new RotatingFile({ path, ...options });
}

/** All lines on disk, the oldest file first. */
async function lines(): Promise<string[]> {
  const numberOf = (name: string): number => Number(/\.log\.(\d+)$/.exec(name)?.[1] ?? 0);
  const names = (await readdir(directory)).sort((a, b) => numberOf(b) - numberOf(a));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return texts.join('').split('\n').slice(0, -1);
}

/** Sleeps until it is woken. */
function manualClock(): Clock & { wake(): void } {
  let woken: (() => void)[] = [];
  return {
    ...systemClock,
    sleep: (_ms, signal) =>
      new Promise((resolve) => {
        woken.push(resolve);
        signal.addEventListener('abort', () => resolve());
      }),
    wake() {
      for (const resolve of woken) resolve();
      woken = [];
    },
  };
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => `line ${n}`);

describe('a rotating file', () => {
  it('appends to what is there', async () => {
    await writeFile(path, 'before\n');
    const file = open();
    file.append('after');
    await file.flush();
    expect(await lines()).toEqual(['before', 'after']);
    await file.close();
  });

  it('has a burst of 300 lines on disk, in order, over many rotations', async () => {
    const file = open({ maxBytes: 100, keep: 100 });
    for (const line of numbers(300)) file.append(line);
    await file.close();
    expect(await lines()).toEqual(numbers(300));
    for (const name of await readdir(directory)) {
      expect((await readFile(join(directory, name))).length).toBeLessThanOrEqual(100);
    }
  });

  it('keeps five old files and its own', async () => {
    const file = open({ maxBytes: 20 });
    for (const line of numbers(100)) file.append(line);
    await file.close();
    expect((await readdir(directory)).sort()).toEqual(
      ['', '.1', '.2', '.3', '.4', '.5'].map((end) => `a.log${end}`),
    );
    expect((await lines()).at(-1)).toBe('line 99');
  });

  it('writes a line that is longer than a whole file', async () => {
    const file = open({ maxBytes: 20 });
    file.append('short');
    file.append('x'.repeat(50));
    await file.close();
    expect(await readFile(path, 'utf8')).toBe(`${'x'.repeat(50)}\n`);
  });

  it('closes the file before it is renamed, as Windows needs, and waits for who holds it', async () => {
    let opened = 0;
    let refused = 3;
    const fs: FileSystem = {
      ...nodeFileSystem,
      async open(name, flags, mode) {
        const file = await nodeFileSystem.open(name, flags, mode);
        opened += 1;
        return {
          write: (bytes, offset) => file.write(bytes, offset),
          stat: () => file.stat(),
          sync: () => file.sync(),
          close: () => {
            opened -= 1;
            return file.close();
          },
        };
      },
      async rename(from, to) {
        if (opened > 0 || refused > 0) {
          refused -= 1;
          throw Object.assign(new Error('EBUSY'), { code: 'EBUSY' });
        }
        await nodeFileSystem.rename(from, to);
      },
    };
    const clock = { ...systemClock, sleep: async () => undefined };
    const file = open({ maxBytes: 100, keep: 100, fs, platform: 'win32', clock });
    for (const line of numbers(60)) file.append(line);
    await file.close();
    expect(await lines()).toEqual(numbers(60));
    expect((await readdir(directory)).length).toBeGreaterThan(3);
  });

  it('goes on in the same file when it cannot be renamed', async () => {
    const fs = brokenFileSystem((call) => (call === 'rename' ? 'EACCES' : undefined));
    const file = open({ maxBytes: 100, fs });
    for (const line of numbers(60)) file.append(line);
    await file.close();
    expect(await readdir(directory)).toEqual(['a.log']);
    expect(await lines()).toEqual(numbers(60));
  });

  it('opens its name anew after logrotate, also when nothing is written', async () => {
    const file = open();
    file.append('one');
    await file.flush();
    await rename(path, `${path}.old`);
    await file.reopen();
    expect(await readFile(path, 'utf8')).toBe('');
    file.append('two');
    await file.close();
    expect(await readFile(path, 'utf8')).toBe('two\n');
    expect(await readFile(`${path}.old`, 'utf8')).toBe('one\n');
  });

  it('makes a missing folder, also when it goes away later', async () => {
    path = join(directory, 'deep', 'er', 'a.log');
    const file = open();
    file.append('one');
    await file.flush();
    await rm(join(directory, 'deep'), { recursive: true });
    await file.reopen();
    file.append('two');
    await file.close();
    expect(await readFile(path, 'utf8')).toBe('two\n');
  });
});

describe('a rotating file on a full disk', () => {
  it('keeps what fits in memory, counts the rest, and says it when it can write again', async () => {
    let full = true;
    const clock = manualClock();
    const fs = brokenFileSystem((call) => (full && call === 'write' ? 'ENOSPC' : undefined));
    const file = open({ fs, clock, queueBytes: 70 });
    for (const line of numbers(30)) file.append(line);
    await file.flush();
    for (const line of numbers(5)) file.append(line);
    expect(await lines()).toEqual([]);
    full = false;
    clock.wake();
    await file.flush();
    expect(await lines()).toEqual([...numbers(10).slice(0, 10), '25 log lines were lost: ENOSPC']);
    file.append('well again');
    await file.close();
    expect((await lines()).at(-1)).toBe('well again');
  });

  it('finishes a line that was cut by the end of the space', async () => {
    let space = 12;
    const clock = manualClock();
    const fs: FileSystem = {
      ...nodeFileSystem,
      async open(name, flags, mode) {
        const file = await nodeFileSystem.open(name, flags, mode);
        return {
          async write(bytes, offset) {
            if (space === 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
            const part = bytes.subarray(0, offset + space);
            const result = await file.write(part, offset);
            space -= result.bytesWritten;
            return result;
          },
          stat: () => file.stat(),
          sync: () => file.sync(),
          close: () => file.close(),
        };
      },
    };
    const file = open({ fs, clock, maxBytes: 18 });
    const all = ['longer than a whole file may be', ...numbers(5)];
    for (const line of all) file.append(line);
    await file.flush();
    space = 1000;
    clock.wake();
    await file.close();
    expect(await lines()).toEqual(all);
    expect(await readFile(`${path}.3`, 'utf8')).toBe(`${all[0]}\n`);
  });

  it('never keeps the program from ending', async () => {
    const fs = brokenFileSystem(() => 'EIO');
    const file = open({ fs });
    file.append('one');
    await file.flush();
    file.append('two');
    await file.close();
    file.append('after the end');
    await file.close();
    expect(await readdir(directory)).toEqual([]);
  });
});
