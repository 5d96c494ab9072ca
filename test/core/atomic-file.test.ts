import { link, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  nodeFileSystem,
  removeLeftovers,
  writeAtomic,
  type FileSystem,
} from '../../src/core/atomic-file.ts';
import { systemClock, type Clock } from '../../src/core/clock.ts';
import { brokenFileSystem, dyingFileSystem, type Call } from './broken-file-system.ts';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'atomic-file-'));
  file = join(directory, 'state.json');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const text = (path: string): Promise<string> => readFile(path, 'utf8');

/** A clock that only notes how long it was asked to wait. */
function recordingClock(): Clock & { readonly waitsMs: number[] } {
  const waitsMs: number[] = [];
  return {
    ...systemClock,
    waitsMs,
    sleep: async (ms) => {
      waitsMs.push(ms);
    },
  };
}

describe('writing a file whole', () => {
  it('replaces the content, readable for nobody else, and leaves nothing beside it', async () => {
    await writeAtomic(file, Buffer.from('one'));
    await writeAtomic(file, Buffer.from('two'));
    expect(await text(file)).toBe('two');
    expect(await readdir(directory)).toEqual(['state.json']);
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('keeps what was there before when asked, again and again', async () => {
    for (const content of ['one', 'two', 'three']) {
      await writeAtomic(file, Buffer.from(content), { keepPrevious: true });
    }
    expect([await text(file), await text(`${file}.prev`)]).toEqual(['three', 'two']);
    expect(await readdir(directory)).toHaveLength(2);
  });

  it('keeps it by copying where the file system knows no links', async () => {
    const fs = brokenFileSystem((call) => (call === 'link' ? 'EPERM' : undefined));
    for (const content of ['one', 'two']) {
      await writeAtomic(file, Buffer.from(content), { keepPrevious: true, fs });
    }
    expect([await text(file), await text(`${file}.prev`)]).toEqual(['two', 'one']);
    expect(await readdir(directory)).toHaveLength(2);
  });

  it('cleans up after a crash that left both generations as one file', async () => {
    await writeFile(file, 'one');
    await link(file, `${file}.prev`);
    await writeAtomic(file, Buffer.from('two'), { keepPrevious: true });
    expect([await text(file), await text(`${file}.prev`)]).toEqual(['two', 'one']);
    expect((await readdir(directory)).sort()).toEqual(['state.json', 'state.json.prev']);
  });

  it('lets many write at once: the file is one of them, whole', async () => {
    const contents = Array.from({ length: 20 }, (_, number) => String(number).repeat(1000));
    await Promise.all(contents.map((content) => writeAtomic(file, Buffer.from(content))));
    expect(contents).toContain(await text(file));
  });

  it.each([true, false])(
    'leaves the old or the new content when it dies at any call (links: %s)',
    async (links) => {
      const below = links
        ? nodeFileSystem
        : brokenFileSystem((call) => (call === 'link' ? 'EPERM' : undefined));
      await writeAtomic(file, Buffer.from('before'), { keepPrevious: true });
      let old = 'before';
      let died = true;
      for (let call = 0; died; call += 1) {
        const fs = dyingFileSystem(call, below);
        const next = `content ${call}`;
        const outcome = await writeAtomic(file, Buffer.from(next), { keepPrevious: true, fs }).then(
          () => 'written',
          () => 'failed',
        );
        died = fs.dead();
        const now = await text(file);
        expect([old, next]).toContain(now);
        if (outcome === 'written') expect(now).toBe(next);
        if (call > 0) expect(await text(`${file}.prev`).catch(() => old)).not.toBe('');
        old = now;
      }
      await removeLeftovers(directory);
      expect((await readdir(directory)).sort()).toEqual(['state.json', 'state.json.prev']);
    },
  );

  it.each<[Call, string]>([
    ['write', 'ENOSPC'],
    ['sync', 'EIO'],
    ['open', 'EMFILE'],
    ['rename', 'EXDEV'],
  ])('keeps the old content and cleans up when %s fails with %s', async (call, code) => {
    await writeAtomic(file, Buffer.from('old'));
    const fs = brokenFileSystem((at) => (at === call ? code : undefined));
    await expect(writeAtomic(file, Buffer.from('new'), { fs })).rejects.toMatchObject({ code });
    expect(await text(file)).toBe('old');
    expect(await readdir(directory)).toEqual(['state.json']);
  });

  it('writes on after a short write', async () => {
    const fs: FileSystem = {
      ...nodeFileSystem,
      async open(path, flags, mode) {
        const opened = await nodeFileSystem.open(path, flags, mode);
        return {
          write: (bytes, offset) => opened.write(bytes.subarray(0, offset + 2), offset),
          stat: () => opened.stat(),
          sync: () => opened.sync(),
          close: () => opened.close(),
        };
      },
    };
    await writeAtomic(file, Buffer.from('seven..'), { fs });
    expect(await text(file)).toBe('seven..');
  });

  it('syncs the file before the rename and the folder after it', async () => {
    const calls: string[] = [];
    const fs = brokenFileSystem((call, path) => {
      calls.push(`${call} ${path === directory ? 'folder' : path === file ? 'file' : 'temporary'}`);
      return undefined;
    });
    await writeAtomic(file, Buffer.from('x'), { fs, platform: 'linux' });
    expect(calls).toEqual([
      'open temporary',
      'write temporary',
      'sync temporary',
      'close temporary',
      'rename file',
      'open folder',
      'sync folder',
      'close folder',
    ]);
  });
});

describe('writing a file whole on Windows', () => {
  it('waits, 10 to 500 ms, while a virus scanner holds the file', async () => {
    const clock = recordingClock();
    let left = 9;
    const fs = brokenFileSystem((call, path) => {
      if (path === directory) throw new Error('a folder cannot be opened');
      if (call !== 'rename' || left === 0) return undefined;
      left -= 1;
      return ['EPERM', 'EACCES', 'EBUSY'][left % 3];
    });
    await writeAtomic(file, Buffer.from('x'), { fs, clock, platform: 'win32' });
    expect(await text(file)).toBe('x');
    expect(clock.waitsMs).toEqual([10, 20, 40, 80, 160, 320, 500, 500, 500]);
  });

  it('gives up after ten tries, and the old content stays', async () => {
    const clock = recordingClock();
    await writeFile(file, 'old');
    const fs = brokenFileSystem((call) => (call === 'rename' ? 'EPERM' : undefined));
    const written = writeAtomic(file, Buffer.from('new'), { fs, clock, platform: 'win32' });
    await expect(written).rejects.toMatchObject({ code: 'EPERM' });
    expect(clock.waitsMs).toHaveLength(9);
    expect(await text(file)).toBe('old');
    expect(await readdir(directory)).toEqual(['state.json']);
  });

  it('does not wait for a rename that fails elsewhere or for another reason', async () => {
    const clock = recordingClock();
    for (const [platform, code] of [
      ['linux', 'EPERM'],
      ['win32', 'ENOENT'],
    ] as const) {
      const fs = brokenFileSystem((call) => (call === 'rename' ? code : undefined));
      const written = writeAtomic(file, Buffer.from('new'), { fs, clock, platform });
      await expect(written).rejects.toMatchObject({ code });
    }
    expect(clock.waitsMs).toEqual([]);
  });
});

describe('leftovers', () => {
  it('of a killed process go, all else stays', async () => {
    await writeFile(join(directory, 'a.json.12-0123456789ab.tmp'), '');
    await writeFile(join(directory, 'b.tmp'), '');
    await removeLeftovers(directory);
    expect(await readdir(directory)).toEqual(['b.tmp']);
    await removeLeftovers(join(directory, 'missing'));
  });

  it('of one file go alone where others are being written', async () => {
    const [own, other] = ['a.json.12-0123456789ab.tmp', 'b.json.12-0123456789ab.tmp'];
    for (const name of [own, other]) await writeFile(join(directory, name), '');
    await removeLeftovers(directory, undefined, ['a.json']);
    expect(await readdir(directory)).toEqual([other]);
  });
});
