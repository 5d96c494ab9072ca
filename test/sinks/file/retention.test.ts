import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeDisk } from '../../../src/sinks/file/disk.ts';
import { openFile } from '../../../src/sinks/file.ts';
import type { Sink } from '../../../src/sinks/sink.ts';
import { archiveServer, type TestArchive, testArchive } from '../helpers/folder.ts';
import { batchOf, never, testTools, type TestTools, until } from '../helpers/tools.ts';
import { brokenDisk } from './broken-disk.ts';

const nowMs = Date.parse('2026-11-25T12:00:00Z');
const isWindows = process.platform === 'win32';

/** A clock at a time of the test's choosing, whose sleepers wake when it is set on. */
function handClock(startMs: number) {
  let now = startMs;
  let sleepers: { atMs: number; wake: () => void }[] = [];
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    sleep: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        if (signal.aborted) return resolve();
        const sleeper = { atMs: now + ms, wake: resolve };
        const leave = (): void => {
          sleepers = sleepers.filter((one) => one !== sleeper);
          resolve();
        };
        sleepers.push(sleeper);
        signal.addEventListener('abort', leave, { once: true });
      }),
    sleeping: () => sleepers.length > 0,
    set(ms: number) {
      now = ms;
      const due = sleepers.filter(({ atMs }) => atMs <= now);
      sleepers = sleepers.filter(({ atMs }) => atMs > now);
      for (const { wake } of due) wake();
    },
  };
}

let archive: TestArchive;
let clock: ReturnType<typeof handClock>;
let tools: TestTools;
const sinks: Sink[] = [];

const put = async (path: string): Promise<void> => {
  const file = join(archive.directory, ...path.split('/'));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, 'x\n');
};
const open = (more = {}, disk = nodeDisk): Sink => {
  const server = archiveServer(archive.directory, {}, { retentionDays: 10, ...more });
  const sink = openFile(server, tools, disk);
  sinks.push(sink);
  return sink;
};
const paths = async (): Promise<string[]> => Object.keys(await archive.files());
const removals = (): string[] =>
  tools.said
    .filter(({ sentence }) => sentence === 'An old file of the archive is removed')
    .map(({ fields }) =>
      JSON.stringify(fields['file'])
        .slice(1, -1)
        .slice(archive.directory.length + 1),
    );

/** The feed auth of the config's account has written here, on a day that is not old. */
async function written(): Promise<void> {
  const sink = openFile(archiveServer(archive.directory), tools);
  const batch = batchOf('auth > archive', 1);
  const lines = batch.lines.map((line) => ({ ...line, timeMs: nowMs }));
  await sink.write({ ...batch, lines }, never);
  await sink.close();
}

beforeEach(async () => {
  archive = await testArchive();
  clock = handClock(nowMs);
  tools = testTools({ clock });
  await written();
});
afterEach(async () => {
  await Promise.all(sinks.splice(0).map((sink) => sink.close()));
  await archive.remove();
});

describe('retention', () => {
  it('removes what ended longer ago, and logs each file', async () => {
    for (const day of ['2025-01-01', '2026-11-14', '2026-11-15', '2026-11-16'])
      await put(`auth/${day}.log`);
    await open().restore('other', undefined, never);
    await until(() => removals().length === 2);
    expect(removals().map((path) => path.replaceAll('\\', '/'))).toEqual([
      'auth/2025-01-01.log',
      'auth/2026-11-14.log',
    ]);
    // The 15th ended on the 16th at 0:00: ten days ago, less 12 hours.
    expect(await paths()).toEqual([
      'auth/2026-11-15.log',
      'auth/2026-11-16.log',
      'auth/2026-11-25.log',
    ]);
    expect(tools.said.at(-1)?.fields).toMatchObject({ server: 'archive', retention_days: 10 });
  });

  it('runs at the start and then once a day', async () => {
    await open().restore('other', undefined, never);
    await put('auth/2026-11-15.log');
    await until(clock.sleeping);
    clock.set(nowMs + 86_400_000);
    await until(() => removals().length === 1);
    expect(await paths()).toEqual(['auth/2026-11-25.log']);
  });

  const foreign = [
    'auth/2020-01-01.log.gz',
    'auth/2020-01-01.log.1',
    'auth/x2020-01-01.log',
    'auth/2020-02-30.log',
    'auth/20200101.log',
    'auth/notes.txt',
    'auth/old/2020-01-01.log',
    '2020-01-01.log',
    'telephony/2020-01-01.log',
    'syslog/2020-01-01.log',
    'DA0123456789ABCDEFGH/auth/2020-01-01.log',
    'BACKUP/auth/2020-01-01.log',
  ];
  it('never removes a file that the template does not make for a log that is archived here', async () => {
    for (const path of [...foreign, 'auth/2020-01-01.log']) await put(path);
    await open().restore('other', undefined, never);
    await until(() => removals().length === 1 && clock.sleeping());
    expect(await paths()).toEqual([...foreign, 'auth/2026-11-25.log'].sort());
  });

  it.skipIf(isWindows)('never follows or removes a link, nor a folder', async () => {
    const outside = join(archive.directory, '..', 'outside');
    await mkdir(join(outside, 'auth'), { recursive: true });
    await writeFile(join(outside, '2020-01-01.log'), 'x');
    await symlink(join(outside, '2020-01-01.log'), join(archive.directory, 'auth/2020-01-02.log'));
    await mkdir(join(archive.directory, 'auth/2020-01-03.log'));
    await put('auth/2020-01-04.log');
    await open().restore('other', undefined, never);
    await until(() => removals().length === 1 && clock.sleeping());
    expect(await readdir(join(archive.directory, 'auth'))).toEqual([
      '2020-01-02.log',
      '2020-01-03.log',
      '2026-11-25.log',
    ]);
    expect(await readdir(outside)).toEqual(['2020-01-01.log', 'auth']);
  });

  it.skipIf(isWindows)('does not walk into a folder that is a link', async () => {
    const outside = join(archive.directory, '..', 'outside');
    await mkdir(outside);
    await writeFile(join(outside, '2020-01-01.log'), 'x');
    const moved = `${archive.directory}-auth`;
    await rename(join(archive.directory, 'auth'), moved);
    await symlink(outside, join(archive.directory, 'auth'));
    await open().restore('other', undefined, never);
    // It sleeps until the next day when it has looked at all.
    await until(clock.sleeping);
    expect(await readdir(outside)).toEqual(['2020-01-01.log']);
  });

  it('is off unless it is asked for, and does not begin by a check', async () => {
    await put('auth/2020-01-01.log');
    const off = openFile(archiveServer(archive.directory), tools);
    sinks.push(off);
    await off.restore('other', undefined, never);
    await open().check(() => undefined, never);
    // Nobody waits for the next day.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(clock.sleeping()).toBe(false);
    expect(await paths()).toContain('auth/2020-01-01.log');
    expect(removals()).toEqual([]);
  });

  it('counts from the newest day in the archive, so that a wrong clock removes nothing', async () => {
    await put('auth/2026-11-20.log');
    await put('auth/2026-11-10.log');
    clock.set(Date.parse('2099-01-01T00:00:00Z'));
    await open().restore('other', undefined, never);
    await until(() => removals().length === 1 && clock.sleeping());
    expect(await paths()).toEqual(['auth/2026-11-20.log', 'auth/2026-11-25.log']);
  });

  it('finds its way through as many files as thousands of accounts have', async () => {
    await put('auth/2020-01-01.log');
    const day = (at: number): string => new Date(at * 86_400_000).toISOString().slice(0, 10);
    const names = Array.from({ length: 200_000 }, (_, at) => `${day(at)}.log`);
    const readdir = async (path: string): Promise<string[]> =>
      path === join(archive.directory, 'auth') ? names : nodeDisk.readdir(path);
    await open({}, { ...nodeDisk, readdir }).restore('other', undefined, never);
    await until(clock.sleeping);
    expect(tools.said.filter(({ level }) => level === 'warn')).toEqual([]);
    expect(removals()).toHaveLength(1);
  });

  it('that may not remove one file removes the others', async () => {
    await put('auth/2020-01-01.log');
    await put('auth/2020-01-02.log');
    const disk = brokenDisk((call, path) =>
      call === 'unlink' && path.endsWith('2020-01-01.log') ? 'EPERM' : undefined,
    );
    await open({}, disk).restore('other', undefined, never);
    await until(() => tools.said.some(({ level }) => level === 'warn'));
    expect(await paths()).toEqual(['auth/2020-01-01.log', 'auth/2026-11-25.log']);
  });

  it('that may not remove says so, and tries again the next day', async () => {
    await put('auth/2020-01-01.log');
    let refuses = true;
    const disk = brokenDisk((call) => (call === 'unlink' && refuses ? 'EACCES' : undefined));
    await open({}, disk).restore('other', undefined, never);
    await until(() => tools.said.some(({ level }) => level === 'warn'));
    expect(tools.said.find(({ level }) => level === 'warn')?.fields['hint']).toMatch(/right/);
    refuses = false;
    await until(clock.sleeping);
    clock.set(nowMs + 86_400_000);
    await until(() => removals().length === 1);
  });

  it("removes a Duo Watcher's old days by local date", async () => {
    await put('auth/251231');
    await put('auth/261125');
    await put('auth/state');
    const layout = { template: '{account}/{endpoint}/{YY}{MM}{DD}', timeZone: 'local' } as const;
    const server = archiveServer(archive.directory, layout, { retentionDays: 10 });
    const sink = openFile(server, tools);
    sinks.push(sink);
    await sink.restore('other', undefined, never);
    await until(() => removals().length === 1);
    expect(await paths()).toEqual(['auth/2026-11-25.log', 'auth/261125', 'auth/state']);
  });
});
