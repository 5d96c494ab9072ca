import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  encodeName,
  partsOfName,
  prepareStateDirectory,
  stateDirectory,
} from '../../src/checkpoint/state-directory.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'state-directory-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom('con', 'CON.txt', 'nul.a', 'com1', 'lpt9.x', '..', '.', '', 'a.', 'a ', 'aux+b'),
);

describe('an encoded name', () => {
  it('keeps plain text readable and encodes the rest', () => {
    expect(encodeName('auth', 'Server 1')).toMatch(/^auth\+%53erver%201-[0-9a-f]{8}$/);
    expect(encodeName('zoë/..\\x')).toMatch(/^zo%c3%ab%2f..%5cx-[0-9a-f]{8}$/);
    expect(partsOfName(encodeName('auth', 'a+b', 'c'))).toEqual(['auth', 'a%2bb', 'c']);
  });

  it('is safe on Windows, POSIX and macOS for any text', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 3 }), (parts) => {
        const name = encodeName(...parts);
        expect(name).toMatch(/^[a-z0-9._%+-]*-[0-9a-f]{8}$/);
        expect(name).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/);
        expect(name.length).toBeLessThan(200);
      }),
    );
  });

  it('differs for different texts, also where capitals do not count', () => {
    fc.assert(
      fc.property(fc.array(anyText), fc.array(anyText), (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(encodeName(...a).toLowerCase() === encodeName(...b).toLowerCase()).toBe(same);
      }),
    );
    expect(encodeName('ABC')).not.toBe(encodeName('abc'));
    expect(encodeName('x'.repeat(500))).not.toBe(encodeName('x'.repeat(501)));
  });
});

describe('the state directory', () => {
  it('lies in the checkpoint folder under the name of the Duo host, however that is spelled', () => {
    const path = stateDirectory(directory, 'api-1a2b.duosecurity.com');
    expect(dirname(path)).toBe(directory);
    expect(basename(path)).toMatch(/^duologsync-api-1a2b\.duosecurity\.com-[0-9a-f]{8}$/);
    expect(stateDirectory(directory, 'API-1A2B.duosecurity.com')).toBe(path);
  });

  it('is made with its parents and closed to others, and is left empty', async () => {
    const path = join(directory, 'deep', 'state');
    await prepareStateDirectory(path);
    await prepareStateDirectory(path);
    expect(await readdir(path)).toEqual([]);
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('that is open to others gets closed', async () => {
    const path = join(directory, 'state');
    await mkdir(path);
    await chmod(path, 0o755);
    await prepareStateDirectory(path, { platform: 'linux', uid: (await stat(path)).uid });
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('of another user is refused, with the command that helps', async () => {
    const path = join(directory, 'state');
    await mkdir(path);
    const uid = (await stat(path)).uid + 1;
    const own = `sudo -u '#${uid - 1}' env STATE_DIRECTORY='${directory}' duologsync …`;
    await expect(prepareStateDirectory(path, { platform: 'linux', uid })).rejects.toMatchObject({
      code: 'state_directory_unusable',
      remedy: 'stop',
      hint: `Run it as that user: ${own}; or give this one the folder: chown -R ${uid} '${path}'`,
    });
    await prepareStateDirectory(path, { platform: 'win32', uid: undefined });
  });

  it('that is a link or a file is refused', async () => {
    const link = join(directory, 'link');
    await symlink(directory, link, 'junction');
    const file = join(directory, 'file');
    await writeFile(file, '');
    for (const [path, message] of [
      [link, /is a symbolic link/],
      [file, /is not a folder/],
      [join(file, 'below'), /cannot be made/],
    ] as const) {
      await expect(prepareStateDirectory(path)).rejects.toMatchObject({
        code: 'state_directory_unusable',
        message: expect.stringMatching(message) as string,
      });
    }
  });
});
