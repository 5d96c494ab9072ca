import { mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { duoWatcherLayout } from '../../src/core/path-template.ts';
import type { Batch, JsonValue } from '../../src/core/types.ts';
import { nodeDisk } from '../../src/sinks/file/disk.ts';
import { openFile } from '../../src/sinks/file.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { brokenDisk, type DiskCall } from './file/broken-disk.ts';
import { archiveServer, type TestArchive, testArchive } from './helpers/folder.ts';
import { batchOf, isPending, never, testTools, textsOf, until } from './helpers/tools.ts';

const dayMs = 86_400_000;
let archive: TestArchive;
const opened: Sink[] = [];
const open = (disk = nodeDisk, tools = testTools()): Sink => {
  const sink = openFile(archiveServer(archive.directory), tools, disk);
  opened.push(sink);
  return sink;
};
/** Lines on several days, of one endpoint. */
const spread = (feedId: string, endpoint: string, count: number, first = 0): Batch => {
  const batch = batchOf(feedId, count, first);
  const lines = batch.lines.map((line, index) => ({ ...line, timeMs: (index % 3) * dayMs }));
  return { ...batch, origin: { ...batch.origin, endpoint }, lines };
};

beforeEach(async () => {
  archive = await testArchive();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((sink) => sink.close()));
  await archive.remove();
});

describe('a FILE server', () => {
  it('puts each event on the day that it happened, also long afterwards', async () => {
    const sink = open();
    await sink.write(spread('auth > archive', 'auth', 6), never);
    await sink.write(spread('auth > archive', 'auth', 2, 6), never);
    expect(await archive.files()).toEqual({
      'auth/1970-01-01.log': 'auth > archive:0\nauth > archive:3\nauth > archive:6\n',
      'auth/1970-01-02.log': 'auth > archive:1\nauth > archive:4\nauth > archive:7\n',
      'auth/1970-01-03.log': 'auth > archive:2\nauth > archive:5\n',
    });
    expect(sink.state()).toMatchObject({ level: 'durable', confirmedLines: 8 });
  });

  it("writes Duo Watcher's tree with its preset", async () => {
    const sink = openFile(archiveServer(archive.directory, duoWatcherLayout), testTools());
    opened.push(sink);
    const timeMs = new Date(2025, 11, 31, 12).getTime();
    for (const endpoint of ['auth', 'adminaction', 'telephony', 'activity']) {
      const batch = spread(`${endpoint} > archive`, endpoint, 1);
      await sink.write(
        { ...batch, lines: batch.lines.map((line) => ({ ...line, timeMs })) },
        never,
      );
    }
    expect(Object.keys(await archive.files())).toEqual([
      'activity/251231',
      'admin/251231',
      'auth/251231',
      'phone/251231',
    ]);
  });

  it('takes pages of many feeds at the same time, and no feed sees another', async () => {
    const sink = open();
    const names = Array.from({ length: 40 }, (_, index) => `f${index}`);
    const batches = names.flatMap((name) => [0, 1, 2].map((page) => ({ name, page })));
    await Promise.all(
      names.map(async (name) => {
        await sink.restore(name, undefined, new AbortController().signal);
        for (const { page } of batches.filter((one) => one.name === name))
          await sink.write(spread(name, name, 9, page * 9), new AbortController().signal);
      }),
    );
    const files = await archive.files();
    expect(Object.keys(files)).toHaveLength(120);
    for (const [path, text] of Object.entries(files)) {
      const name = path.split('/')[0] ?? '';
      expect(
        text.split('\n').filter((line) => line !== '' && !line.startsWith(`${name}:`)),
      ).toEqual([]);
    }
    expect(new Set(await archive.lines()).size).toBe(40 * 27);
    expect(await archive.lines()).toHaveLength(40 * 27);
  });

  it('holds few files open, however many accounts and days a page touches', async () => {
    let now = 0;
    let most = 0;
    const counting = {
      ...nodeDisk,
      open: async (path: string, flags: string | number, mode?: number) => {
        const file = await nodeDisk.open(path, flags, mode);
        now += 1;
        most = Math.max(most, now);
        const close = file.close.bind(file);
        return Object.assign(file, {
          close: async () => {
            now -= 1;
            await close();
          },
        });
      },
    };
    const sink = open(counting);
    const batch = batchOf('auth > archive', 200);
    const lines = batch.lines.map((line, index) => ({ ...line, timeMs: index * dayMs }));
    await sink.write({ ...batch, lines }, never);
    expect(Object.keys(await archive.files())).toHaveLength(200);
    expect(most).toBeLessThanOrEqual(2);
    expect(now).toBe(0);
  });

  it('holds few files open when thousands of feeds begin', async () => {
    let [now, most] = [0, 0];
    const readFile = async (path: string): Promise<Uint8Array> => {
      most = Math.max(most, (now += 1));
      return nodeDisk.readFile(path).finally(() => (now -= 1));
    };
    const sink = open({ ...nodeDisk, readFile });
    const feeds = Array.from({ length: 300 }, (_, index) => `f${index}`);
    await Promise.all(feeds.map((feed) => sink.restore(feed, undefined, never)));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
  });
});

describe('a disk that refuses', () => {
  const cases: [string, string][] = [
    ['ENOSPC', 'archive_full'],
    ['EACCES', 'archive_denied'],
    ['EROFS', 'archive_read_only'],
  ];
  it.each(cases)('with %s holds the feed as %s until it takes again', async (code, told) => {
    let refuses = false;
    const tools = testTools();
    const disk = brokenDisk((call, path) =>
      refuses && ['open', 'write', 'mkdir'].includes(call) && path.includes('duo')
        ? code
        : undefined,
    );
    const sink = open(disk, tools);
    const first = spread('auth > archive', 'auth', 5);
    await sink.write(first, never);
    refuses = true;
    const second = spread('auth > archive', 'auth', 5, 5);
    const write = sink.write(second, never);
    await until(() => sink.state().trouble !== undefined);
    expect(await isPending(write, 150)).toBe(true);
    expect(sink.state().trouble).toMatchObject({ code: told });
    expect(sink.state().trouble?.hint).toMatch(/^[A-Z].*\.$/);
    expect(tools.said.filter(({ level }) => level === 'warn')).toHaveLength(1);
    refuses = false;
    await write;
    expect((await archive.lines()).sort()).toEqual([...textsOf(first), ...textsOf(second)].sort());
    expect(sink.state().trouble).toBeUndefined();
    expect(tools.said.at(-1)?.sentence).toBe('server is back');
  });

  it('at any of its calls neither loses nor repeats a line', async () => {
    const calls: [DiskCall, string][] = [];
    const looking = open(
      brokenDisk((call, path) => {
        calls.push([call, path]);
        return undefined;
      }),
    );
    await looking.write(spread('a', 'auth', 6), never);
    const after = calls.length;
    await looking.write(spread('a', 'auth', 6, 6), never);
    await looking.close();
    expect(calls.length).toBeGreaterThan(after);
    await archive.remove();
    for (let refused = 0; refused < calls.length; refused += 1) {
      archive = await testArchive();
      let count = 0;
      const disk = brokenDisk(() => ((count += 1) === refused + 1 ? 'ENOSPC' : undefined), {
        partialBytes: 4,
      });
      const sink = openFile(archiveServer(archive.directory), testTools(), disk);
      await sink.write(spread('a', 'auth', 6), never);
      await sink.write(spread('a', 'auth', 6, 6), never);
      await sink.close();
      const texts = textsOf(spread('a', 'auth', 12));
      expect((await archive.lines()).sort(), `call ${refused}`).toEqual(texts.sort());
      await archive.remove();
    }
    archive = await testArchive();
  });

  it('cuts a part of a page off at once, so that no reader sees half a line for long', async () => {
    let full = true;
    const disk = brokenDisk(
      (call, path) => (call === 'write' && full && path.endsWith('.log') ? 'ENOSPC' : undefined),
      { partialBytes: 5 },
    );
    const sink = open(disk);
    const write = sink.write(spread('a', 'auth', 3), never);
    await until(() => sink.state().trouble !== undefined);
    await until(async () => Object.values(await archive.files()).every((text) => text === ''));
    full = false;
    await write;
    expect((await archive.lines()).sort()).toEqual(textsOf(spread('a', 'auth', 3)).sort());
  });

  it('for one feed leaves the others alone, and is over when none is held', async () => {
    let refuses = true;
    const disk = brokenDisk((call, path) =>
      refuses && call === 'open' && path.includes('telephony') ? 'EACCES' : undefined,
    );
    const sink = open(disk);
    const held = sink.write(spread('t', 'telephony', 3), never);
    await until(() => sink.state().trouble !== undefined);
    await sink.write(spread('a', 'auth', 3), never);
    expect(sink.state().trouble).toMatchObject({ code: 'archive_denied' });
    refuses = false;
    await held;
    expect(sink.state().trouble).toBeUndefined();
  });
});

describe('a disk that is unmounted', () => {
  let aside: string;
  const unmount = (): void => {
    aside = `${archive.directory}-unmounted`;
    renameSync(archive.directory, aside);
    mkdirSync(archive.directory);
  };
  const mount = (): void => {
    rmdirSync(archive.directory);
    renameSync(aside, archive.directory);
  };

  it('in the middle of a page is waited for, by feeds that never wrote too, and its place stays empty', async () => {
    let pull = false;
    const disk = brokenDisk(
      (call, path) => {
        if (!pull || !path.endsWith('1970-01-02.log')) return undefined;
        if (call === 'close') {
          pull = false;
          unmount();
        }
        return call === 'write' ? 'EIO' : undefined;
      },
      { partialBytes: 5 },
    );
    const sink = open(disk);
    await sink.write(spread('a', 'auth', 6), never);
    pull = true;
    const writes = [sink.write(spread('a', 'auth', 6, 6), never)];
    await until(() => !pull);
    writes.push(sink.write(spread('t', 'telephony', 3), never));
    await until(() => sink.state().trouble?.code === 'archive_missing');
    expect(await isPending(Promise.race(writes), 200)).toBe(true);
    expect(await readdir(archive.directory)).toEqual([]);
    mount();
    await Promise.all(writes);
    const expected = [...textsOf(spread('a', 'auth', 12)), ...textsOf(spread('t', 'telephony', 3))];
    expect((await archive.lines()).sort()).toEqual(expected.sort());
  });

  it('at a restart is waited for by feeds that never wrote, too', async () => {
    const before = open();
    const mark = await before.write(spread('a', 'auth', 3), never);
    await before.close();
    unmount();
    const sink = open();
    await expect(sink.restore('a', mark, never)).rejects.toMatchObject({ code: 'archive_missing' });
    await sink.restore('t', undefined, never);
    const write = sink.write(spread('t', 'telephony', 3), never);
    expect(await isPending(write, 150)).toBe(true);
    expect(await readdir(archive.directory)).toEqual([]);
    // As the hint says for an archive that was deleted on purpose.
    await mkdir(join(archive.directory, '.duologsync'));
    await write;
    await sink.restore('a', mark, never);
  });
});

describe('a feed that is broken off', () => {
  it('is put back to its checkpoint when it begins again, in the same program', async () => {
    let stuck: (() => void) | undefined;
    let hangs = false;
    const disk = {
      ...nodeDisk,
      open: async (path: string, flags: string | number, mode?: number) => {
        const file = await nodeDisk.open(path, flags, mode);
        if (!hangs || !path.endsWith('1970-01-02.log')) return file;
        await new Promise<void>((resolve) => (stuck = resolve));
        return file;
      },
    };
    const sink = open(disk);
    await sink.restore('a', undefined, never);
    const mark = await sink.write(spread('a', 'auth', 3), never);
    hangs = true;
    const abandon = new AbortController();
    const write = sink.write(spread('a', 'auth', 3, 3), abandon.signal);
    await until(() => stuck !== undefined);
    abandon.abort(new Error('the program ends'));
    await expect(write).rejects.toThrow('the program ends');
    hangs = false;
    const restored = sink.restore('a', mark, never);
    // What was under way comes to its end first.
    expect(await isPending(restored, 50)).toBe(true);
    stuck?.();
    await restored;
    expect((await archive.lines()).sort()).toEqual(textsOf(spread('a', 'auth', 3)).sort());
    await sink.write(spread('a', 'auth', 3, 3), never);
    expect((await archive.lines()).sort()).toEqual(textsOf(spread('a', 'auth', 6)).sort());
  });

  it('whose restore fails says what the system says', async () => {
    const sink = open(brokenDisk((call) => (call === 'readFile' ? 'EACCES' : undefined)));
    await expect(sink.restore('a', undefined, never)).rejects.toMatchObject({
      code: 'archive_denied',
      remedy: 'retry',
    });
  });

  it('ignores the mark of another kind of server', async () => {
    for (const mark of ['x', 5, { page: 3 }] as JsonValue[]) await open().restore('a', mark, never);
    expect(await archive.journals()).toEqual([]);
  });
});

describe('a check', () => {
  const steps = async (sink: Sink): Promise<string[]> => {
    const said: string[] = [];
    await sink.check((step, detail) => said.push(`${step}: ${detail}`), never);
    return said;
  };

  it('says where events of now would go, and makes nothing', async () => {
    const tools = testTools({
      clock: { ...testTools().clock, nowMs: () => Date.UTC(2026, 10, 25) },
    });
    expect(await steps(open(nodeDisk, tools))).toEqual([
      `directory: ${archive.directory} will be made in ${join(archive.directory, '..')}`,
      'path: an auth event of now goes to auth/2026-11-25.log',
    ]);
    await expect(readdir(archive.directory)).rejects.toMatchObject({ code: 'ENOENT' });
    await open().write(spread('a', 'auth', 1), never);
    expect((await steps(open()))[0]).toBe(`directory: ${archive.directory} can be written`);
  });

  it("fails where the folder can not be written, or is a file, or what lies in it is somebody else's", async () => {
    const denied = open(brokenDisk((call) => (call === 'access' ? 'EACCES' : undefined)));
    await expect(steps(denied)).rejects.toMatchObject({ code: 'archive_denied' });
    await open().write(spread('a', 'auth', 1), never);
    const tools = testTools({ clock: { ...testTools().clock, nowMs: () => 0 } });
    for (const name of ['.duologsync', '1970-01-01.log']) {
      const disk = brokenDisk((call, path) =>
        call === 'access' && path.endsWith(name) ? 'EACCES' : undefined,
      );
      await expect(steps(open(disk, tools))).rejects.toMatchObject({
        code: 'archive_denied',
        message: expect.stringContaining(name) as string,
      });
    }
    await archive.away();
    await expect(steps(open())).rejects.toMatchObject({ code: 'archive_blocked' });
    await archive.back();
    await chmod(join(archive.directory, '..'), 0o700);
  });
});
