import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeConfig } from '../../../src/cli/import/watcher-config.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { duologsync } from '../commands/running.ts';
import { authRow, lastAuth, watcherPlace } from './watcher-place.ts';

const argus = { addr: '', port: 2681, rundir: '/data/logs/duo', logfile: 'log', pidfile: 'pid' };
const keys = {
  ikey: 'DIXXXXXXXXXXXXXXXXXX',
  skey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCD',
  apihost: 'api-12345678.duosecurity.com',
};
const made = (more: object = {}, credentials: object = keys) =>
  makeConfig(
    { file: 'argus_cf', text: JSON.stringify({ ...argus, ...more }) },
    { file: 'duo.json', text: JSON.stringify(credentials) },
    '/data/logs/duo',
    "/etc/o'hara/skey",
  );

describe("a config from Duo Watcher's two files", () => {
  it('has its archive, its port and its key, but no secret', () => {
    const { text, secret, notes } = made();
    expect(secret).toBe(keys.skey);
    expect(text).not.toContain(keys.skey);
    expect(text).toContain("  skey_file: '/etc/o''hara/skey'\n");
    expect(text).toContain('  query_port: 2681\n');
    expect(text).not.toContain('query_address');
    expect(notes).toEqual([expect.stringContaining('logfile and pidfile')]);
  });

  it('keeps the port at which an argus_cf without one was asked', () => {
    expect(made({ port: undefined }).text).toContain('  query_port: 2680\n');
  });

  it('says what it did not understand, by name and never by value', () => {
    const odd = { addr: 'myhost', port: 'x', rundir: '/other', extra: 'hidden' };
    const { text, notes } = made(odd, { ...keys, apihost: undefined, host: 'h', spare: 'hidden' });
    expect(text).toContain("  hostname: 'h'\n");
    expect(text).not.toContain('dls_settings');
    expect(notes.join('\n')).not.toContain('hidden');
    for (const part of [
      'extra of argus_cf',
      'spare of duo.json',
      'rundir is /other',
      'addr:',
      'port:',
    ])
      expect(notes.join('\n')).toContain(part);
    expect(made({ addr: '192.0.2.1' }).text).toContain("  query_address: '192.0.2.1'\n");
  });

  it.each([
    [{ ...keys, skey: '' }, 'it has no skey'],
    [{ ...keys, apihost: 7 }, 'it has no apihost'],
    [[], 'it is no JSON object'],
  ])('is refused without its keys', (credentials, why) => {
    const failure = { code: 'watcher_unreadable', message: `duo.json cannot be used: ${why}` };
    expect(() => made({}, credentials)).toThrow(expect.objectContaining(failure) as Error);
  });
});

describe('import duo-watcher --config', () => {
  let place: Awaited<ReturnType<typeof watcherPlace>>;
  let target: string;
  beforeEach(async () => {
    place = await watcherPlace();
    target = join(place.folder, 'new');
    const { ikey, skey } = place.duo.account;
    const own = { ikey, skey, apihost: place.duo.hostname };
    await writeFile(join(place.folder, 'argus_cf'), JSON.stringify(argus));
    await writeFile(join(place.folder, 'duo.json'), JSON.stringify(own));
    place.duo.add('auth', [authRow(lastAuth, 'archived')]);
  });
  afterEach(() => place.close());

  /** As a user with a home of its own in the place's folder. */
  const take = (...argv: readonly string[]) => {
    const file = (name: string): string => join(place.folder, name);
    const files = ['--config', file('argus_cf'), '--credentials', file('duo.json')];
    const platform = process.platform === 'win32' ? 'win32' : 'linux';
    const env = { NODE_EXTRA_CA_CERTS: file('ca.pem'), ProgramData: place.folder };
    const io = { env, platform, home: place.folder, uid: undefined, clock: place.clock } as const;
    const config = ['-c', join(target, 'config.yml')];
    return duologsync(['import', 'duo-watcher', place.archive, ...files, ...config, ...argv], io);
  };
  const written = (): Promise<string[]> => readdir(target).catch(() => []);

  it('writes a config that the program takes, for its user alone, and goes on with it', async () => {
    const { code, out } = await take();
    expect([code, out]).toEqual([0, expect.stringContaining('auth > archive goes on at')]);
    expect((await written()).sort()).toEqual(['config.yml', 'skey']);
    const options = { env: {}, platform: process.platform, home: place.folder };
    const { config } = await loadConfig(join(target, 'config.yml'), options);
    expect(config?.servers[0]).toMatchObject({ directory: place.archive, preset: 'duo_watcher' });
    expect(config?.account.skey.reveal()).toBe(place.duo.account.skey);
    for (const name of process.platform === 'win32' ? [] : await written())
      expect((await stat(join(target, name))).mode & 0o777).toBe(0o600);
  });

  it('never overwrites a config or a secret', async () => {
    for (const name of ['config.yml', 'skey']) {
      await mkdir(target);
      await writeFile(join(target, name), 'mine');
      const { code, err } = await take();
      expect([code, err]).toEqual([73, expect.stringContaining(`${name} is there already`)]);
      expect(await written()).toEqual([name]);
      expect(await readFile(join(target, name), 'utf8')).toBe('mine');
      await rm(target, { recursive: true });
    }
  });

  it('writes nothing in a dry run, or when something else is wrong', async () => {
    expect((await take('--dry-run')).code).toBe(0);
    expect(await written()).toEqual([]);
    await writeFile(join(place.archive, 'auth', 'state'), '{');
    expect((await take()).code).toBe(66);
    expect(await written()).toEqual([]);
    await writeFile(join(place.folder, 'duo.json'), '{"skey": "q7zQ');
    const { code, err } = await take();
    expect([code, err]).toEqual([66, expect.not.stringContaining('q7z')]);
  });

  it('wants both files or none', async () => {
    const one = ['import', 'duo-watcher', place.archive, '--config', 'argus_cf'];
    expect((await duologsync(one)).code).toBe(2);
  });
});
