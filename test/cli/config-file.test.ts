import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configPath, hostOf, loadForCommand, tell } from '../../src/cli/config-file.ts';
import { ForwarderError } from '../../src/core/errors.ts';
import { goodConfig, skey } from '../config/loading.ts';
import { fakeIo } from './fake-io.ts';

describe('the config file', () => {
  it('is the one on the command line, then the one that the environment names', () => {
    const io = fakeIo({ env: { DUOLOGSYNC_CONFIG: 'named.yml' } });
    expect(configPath('given.yml', io)).toBe('given.yml');
    expect(configPath(undefined, io)).toBe('named.yml');
  });

  it.each([
    ['linux', 0, {}, '/etc/duologsync/config.yml'],
    ['linux', 1000, {}, '/home/me/.config/duologsync/config.yml'],
    ['linux', 1000, { XDG_CONFIG_HOME: '/xdg' }, '/xdg/duologsync/config.yml'],
    ['linux', 1000, { XDG_CONFIG_HOME: 'xdg' }, '/home/me/.config/duologsync/config.yml'],
    ['darwin', 501, {}, '/Library/Application Support/duologsync/config.yml'],
    ['win32', undefined, { ProgramData: 'D:\\Data' }, 'D:\\Data\\duologsync\\config.yml'],
    ['win32', undefined, {}, 'C:\\ProgramData\\duologsync\\config.yml'],
  ] as const)('on %s for user %s with %o is %s', (platform, uid, env, path) => {
    expect(configPath(undefined, fakeIo({ platform, uid, env, home: '/home/me' }))).toBe(path);
  });

  it('is checked for the machine that the command runs on', () => {
    const windows = fakeIo({ platform: 'win32', uid: undefined, home: 'C:\\Users\\me' });
    expect(hostOf(windows)).toEqual({ platform: 'win32', env: {}, home: 'C:\\Users\\me' });
    expect(hostOf(fakeIo({ uid: 7 }))).toMatchObject({ uid: 7 });
  });
});

describe('an error at the start', () => {
  it('is two lines: what, and what to do', () => {
    const io = fakeIo();
    const error = new ForwarderError('already_running', 'It runs.', { hint: 'Stop it.' });
    expect(tell(error, io)).toBe(75);
    expect(io.err()).toBe('duologsync: It runs.\n  Stop it.\n');
  });

  it('is that of a file that nobody named where the usual one is missing', async () => {
    const io = fakeIo({ platform: 'linux', uid: 1_000, home: join(tmpdir(), 'nobody-is-here') });
    const usual = configPath(undefined, io);
    expect(await loadForCommand(usual, io)).toEqual({ exit: 66 });
    expect(io.err()).toMatch(/no such file\n {2}It is the usual place .* DUOLOGSYNC_CONFIG\.\n$/);
    const named = fakeIo({ platform: 'linux', uid: 1_000 });
    expect(await loadForCommand(join(tmpdir(), 'not.yml'), named)).toEqual({ exit: 66 });
    expect(named.err()).toContain('Check the path');
  });

  it('that nobody expected is thrown on', () => {
    expect(() => tell(new TypeError('ours'), fakeIo())).toThrow('ours');
  });

  it('tells warnings only to who asks how the config is, and mistakes to everybody', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'duologsync-config-file-'));
    const file = join(folder, 'config.yml');
    const told = async (text: string, warnings: boolean): Promise<string> => {
      const io = fakeIo();
      await writeFile(file, text);
      await loadForCommand(file, io, { warnings });
      return io.err();
    };
    try {
      const odd = goodConfig(['/var/lib/duologsync', folder], ['timeout: 120', 'timeout: 60']);
      expect(await told(odd, true)).toMatch(/(warning|note): /);
      expect(await told(odd, false)).toBe('');
      const wrong = odd.replace("protocol: 'TCP'", "protocol: 'TPC'");
      expect(await told(wrong, false)).toMatch(/error: /);
      expect(await told(wrong, false)).not.toMatch(/(warning|note): /);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('serves commands that need no secret also where only the service has it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'duologsync-config-file-'));
    try {
      const file = join(folder, 'config.yml');
      await writeFile(file, goodConfig([`skey: '${skey}'`, "skey_credential: 'duo'"]));
      expect((await loadForCommand(file, fakeIo())).exit).toBe(78);
      expect((await loadForCommand(file, fakeIo(), { secrets: false })).exit).toBeUndefined();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
