import { chmod, mkdir, readFile, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { existing, made, nodeDisk } from '../../../src/sinks/file/disk.ts';
import { ArchiveFolder } from '../../../src/sinks/file/folder.ts';
import { type TestArchive, testArchive } from '../helpers/folder.ts';
import { brokenDisk } from './broken-disk.ts';

const isWindows = process.platform === 'win32';
let archive: TestArchive;
let folder: ArchiveFolder;
const text = (words: string): Uint8Array => Buffer.from(words);

beforeEach(async () => {
  archive = await testArchive();
  folder = new ArchiveFolder(archive.directory, nodeDisk, process.platform, systemClock);
});
afterEach(() => archive.remove());

describe('the folder of an archive', () => {
  it.skipIf(isWindows)('and all in it can be read by its owner alone', async () => {
    await folder.append({ path: 'auth/2026/x.log', length: 0 }, text('a\n'));
    await folder.writeJournal('a.json', {
      feedId: 'a',
      endpoint: 'auth',
      accountId: undefined,
      apiHost: 'h',
      history: 'h',
      pages: [{ number: 1, files: [] }],
    });
    expect(await archive.mode('auth/2026/x.log')).toBe(0o600);
    for (const path of ['.', 'auth', 'auth/2026', '.duologsync'])
      expect(await archive.mode(path), path).toBe(0o700);
    expect(await archive.mode('.duologsync/a.json')).toBe(0o600);
  });

  it('grows by what is appended and is cut back to where it was', async () => {
    await folder.append({ path: 'x', length: 0 }, text('one\n'));
    expect(await folder.end('x')).toEqual({ path: 'x', length: 4 });
    await folder.append({ path: 'x', length: 4 }, text('two\n'));
    expect(await archive.files()).toEqual({ x: 'one\ntwo\n' });
    expect(await folder.cut({ path: 'x', length: 4 })).toBe(4);
    expect(await folder.cut({ path: 'x', length: 4 })).toBe(0);
    expect(await folder.cut({ path: 'x', length: 400 })).toBe(0);
    expect(await archive.files()).toEqual({ x: 'one\n' });
  });

  it('ends a line that somebody left half, and only then', async () => {
    await mkdir(archive.directory);
    await writeFile(folder.absolute('x'), 'half');
    await writeFile(folder.absolute('y'), 'whole\n');
    for (const path of ['x', 'y'])
      await folder.append(await folder.end(path), text(`first of ${path}\n`));
    await folder.append(await folder.end('x'), text('second\n'));
    expect(await archive.files()).toEqual({
      x: 'half\nfirst of x\nsecond\n',
      y: 'whole\nfirst of y\n',
    });
    await folder.cut({ path: 'x', length: 4 });
    expect(await archive.files()).toMatchObject({ x: 'half' });
  });

  it('has nothing to cut in a file that is not there, and does not make it', async () => {
    expect(await folder.cut({ path: 'auth/x', length: 0 })).toBe(0);
    expect(await archive.files()).toEqual({});
  });

  it('is not written while another program changes it', async () => {
    await folder.append({ path: 'x', length: 0 }, text('one\n'));
    await truncate(folder.absolute('x'), 1);
    await expect(folder.append({ path: 'x', length: 4 }, text('two'))).rejects.toMatchObject({
      code: 'archive_changed',
    });
    expect(await archive.files()).toEqual({ x: 'o' });
  });

  it.skipIf(isWindows)('never leads a write or a cut through a link', async () => {
    const victim = join(archive.directory, '..', 'victim');
    await writeFile(victim, 'do not touch');
    await mkdir(archive.directory);
    await symlink(victim, folder.absolute('x'));
    await expect(folder.end('x')).rejects.toMatchObject({ code: 'archive_blocked' });
    await expect(folder.cut({ path: 'x', length: 0 })).rejects.toMatchObject({
      code: 'archive_blocked',
    });
    // Also when the link came after the look.
    for (const flags of [existing, made])
      await expect(nodeDisk.open(folder.absolute('x'), flags)).rejects.toMatchObject({
        code: 'ELOOP',
      });
    expect(await readFile(victim, 'utf8')).toBe('do not touch');
  });

  it('syncs each new name, and each but once', async () => {
    const synced: string[] = [];
    const watched = brokenDisk((call, path) => {
      if (call === 'sync' || call === 'datasync') synced.push(`${call} ${path}`);
      return undefined;
    });
    const { directory } = archive;
    const own = new ArchiveFolder(`${directory}/`, watched, 'linux', systemClock);
    await own.append({ path: 'auth/x', length: 0 }, text('a'));
    const file = join(directory, 'auth', 'x');
    for (const path of [join(directory, 'auth'), directory, join(directory, '..')])
      expect(synced).toContain(`sync ${path}`);
    expect(synced).toContain(`datasync ${file}`);
    synced.length = 0;
    await own.append({ path: 'auth/x', length: 1 }, text('b'));
    expect(synced).toEqual([`datasync ${file}`]);
    await unlink(file);
    synced.length = 0;
    await own.append({ path: 'auth/x', length: 0 }, text('ab'));
    expect(synced).toContain(`sync ${join(directory, 'auth')}`);
    own.forget();
    synced.length = 0;
    await own.append({ path: 'auth/x', length: 2 }, text('c'));
    expect(synced).toContain(`sync ${directory}`);
  });

  it('may lie in a folder that only others can read', async () => {
    const { directory } = archive;
    const own = new ArchiveFolder(
      directory,
      brokenDisk((call, path) =>
        call === 'open' && path === join(directory, '..') ? 'EACCES' : undefined,
      ),
      'linux',
      systemClock,
    );
    await own.append({ path: 'x', length: 0 }, text('a'));
    expect(await archive.files()).toEqual({ x: 'a' });
  });

  it('on Windows syncs no folder, because there is no such call', async () => {
    const opened: string[] = [];
    const watched = brokenDisk((call, path) => {
      if (call === 'open') opened.push(path);
      return undefined;
    });
    const own = new ArchiveFolder(archive.directory, watched, 'win32', systemClock);
    await own.append({ path: 'auth/x', length: 0 }, text('a'));
    expect(opened).toEqual([join(archive.directory, 'auth', 'x')]);
  });

  it('tells a disk that takes nothing from one that is slow', async () => {
    const stuck = {
      ...nodeDisk,
      open: async (path: string, flags: string | number, mode?: number) => {
        const file = await nodeDisk.open(path, flags, mode);
        return Object.assign(file, { write: async () => ({ bytesWritten: 0 }) });
      },
    };
    const own = new ArchiveFolder(archive.directory, stuck, process.platform, systemClock);
    await expect(own.append({ path: 'x', length: 0 }, text('a'))).rejects.toThrow('took nothing');
    await chmod(archive.directory, 0o700);
  });
});
