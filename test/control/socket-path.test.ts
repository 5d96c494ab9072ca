import { mkdir, mkdtemp, readFile, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareSocketPath, socketPath } from '../../src/control/socket-path.ts';

let directory: string;

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'socket-path-')));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function place(lengthOfState: number, more: object = {}) {
  const stateDirectory = join(directory, 'x'.repeat(lengthOfState - directory.length - 1));
  await mkdir(stateDirectory, { recursive: true });
  const uid = process.getuid?.();
  return { stateDirectory, platform: 'linux' as const, tmpdir: directory, uid, ...more };
}

describe.runIf(process.platform !== 'win32')('the place of the socket', () => {
  it('is in the state directory up to 100 bytes, else in a private folder', async () => {
    const fits = await place(98);
    expect(await prepareSocketPath(fits)).toBe(join(fits.stateDirectory, 's'));
    expect(await readdir(fits.stateDirectory)).toEqual([]);
    const long = await place(99);
    const path = await prepareSocketPath(long);
    expect(dirname(dirname(path))).toBe(directory);
    expect(path).toMatch(new RegExp(`/duologsync-${long.uid}-[0-9a-f]{16}/s$`));
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
    expect(await readFile(join(long.stateDirectory, 'socket'), 'utf8')).toBe(`${path}\n`);
  });

  it('counts bytes, not characters', async () => {
    const stateDirectory = join(directory, 'é'.repeat(40));
    await mkdir(stateDirectory);
    const path = await socketPath({ ...(await place(98)), stateDirectory });
    expect(path.startsWith(stateDirectory)).toBe(false);
  });

  it('is found by processes with another TMPDIR, and by many that start at once', async () => {
    const long = await place(150);
    const tmpdirs = Array.from({ length: 10 }, (_, number) => join(directory, `t${number}`));
    await Promise.all(tmpdirs.map((path) => mkdir(path)));
    const paths = await Promise.all(
      tmpdirs.map((path) => prepareSocketPath({ ...long, tmpdir: path })),
    );
    expect(new Set(paths).size).toBe(1);
    expect(await socketPath({ ...long, tmpdir: '/elsewhere' })).toBe(paths[0]);
  });

  it('is /tmp when the temporary folder has a long path itself', async () => {
    const long = await place(150, { tmpdir: join(directory, 'y'.repeat(100)) });
    expect(await socketPath(long)).toMatch(/^\/tmp\/duologsync-/);
  });

  it('is outside for a file system without sockets', async () => {
    const fits = await place(90);
    const path = await prepareSocketPath(fits, true);
    expect(path.startsWith(fits.stateDirectory)).toBe(false);
    expect(await prepareSocketPath(fits)).toBe(path);
  });

  it('is refused when another user made that folder, or a link or file lies there', async () => {
    const long = await place(150);
    const path = await prepareSocketPath(long);
    const foreign = prepareSocketPath({ ...long, uid: (long.uid ?? 0) + 1 });
    await expect(foreign).rejects.toMatchObject({ code: 'lock_unusable', remedy: 'stop' });
    await rm(dirname(path), { recursive: true });
    await writeFile(dirname(path), '');
    await expect(prepareSocketPath(long)).rejects.toMatchObject({ code: 'lock_unusable' });
  });
});

describe('the place of the pipe on Windows', () => {
  it('is a name made from the real path, whatever its spelling', async () => {
    const windows = await place(98, { platform: 'win32' });
    const path = await prepareSocketPath(windows);
    expect(path).toMatch(/^\\\\\.\\pipe\\duologsync-[0-9a-f]{16}$/);
    const spelled = join(windows.stateDirectory, '.', 'a', '..');
    expect(await socketPath({ ...windows, stateDirectory: spelled })).toBe(path);
    const other = await place(97, { platform: 'win32' });
    expect(await socketPath(other)).not.toBe(path);
    expect(await readdir(windows.stateDirectory)).toEqual([]);
  });
});
