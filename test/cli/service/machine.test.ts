import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findTarget, lookAround } from '../../../src/cli/service/machine.ts';
import type { Io } from '../../../src/cli/io.ts';
import { goodConfig, skey } from '../../config/loading.ts';
import { fakeIo } from '../fake-io.ts';
import { fakeSystem } from './fake-system.ts';

async function find(
  text: string,
  io: Partial<Io> = {},
  files: Readonly<Record<string, string>> = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'duologsync-machine-'));
  try {
    const config = join(folder, 'config.yml');
    await writeFile(config, text);
    const world = fakeIo({ platform: 'linux', uid: 0, ...io });
    const kind = world.platform === 'win32' ? 'task' : 'systemd';
    const found = await findTarget(config, kind, world, fakeSystem({ files }));
    return { ...found, folder };
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('what a service is made of', () => {
  it('has the folders that the config names beside the usual ones, which must be the user’s', async () => {
    const usual = await find(goodConfig());
    expect(usual.target.writable).toEqual([]);
    const other = await find(
      goodConfig(
        ["'/var/lib/duologsync'", "'state'"],
        ["log_format: 'JSON'", "log_filepath: '/srv/log/duo.log'"],
      ),
    );
    expect(other.target.writable).toEqual([join(other.folder, 'state'), '/srv/log']);
    expect(other.notes.join()).toContain('chown -R duologsync');
  });

  it('has the folder of each archive, and knows whether it is there', async () => {
    const text = (directory: string): string =>
      goodConfig(
        ['account:', `  - {id: a, protocol: FILE, directory: '${directory}'}\naccount:`],
        ["server: 'siem'", "server: 'siem'\n    - {endpoints: [auth], server: a}"],
      );
    const missing = await find(text('/srv//archive/'));
    expect(missing.target.archives).toEqual([{ path: '/srv/archive', exists: false }]);
    expect(missing.notes.join()).toContain('/srv/archive is not there: service install makes it');
    const there = await find(text('/srv/archive'), {}, { '/srv/archive': '/mnt/archive' });
    expect(there.target.archives).toEqual([{ path: '/srv/archive', exists: true }]);
    expect(there.notes.join()).toContain('The config writes in /srv/archive: it must belong to');
    const usual = await find(text('/var/log/duologsync/archive'));
    expect(usual.target.archives).toEqual([]);
    const windows = await find(text('D:\\duo\\archive'), { platform: 'win32' });
    expect(windows.target.archives).toEqual([{ path: 'D:\\duo\\archive', exists: false }]);
  });

  it('has no folder in a home, which the unit hides', async () => {
    const log = "log_filepath: '/home/ann/duo.log'";
    const { obstacles } = await find(goodConfig(["log_format: 'JSON'", log]));
    expect(obstacles.join()).toContain('/home/ann is in a person’s folder'.replace('’', "'"));
  });

  it('is found without any secret being fetched', async () => {
    const text = goodConfig([`skey: '${skey}'`, "skey_command: ['no-such-program-here']"]);
    const { loaded } = await find(text);
    expect('config' in loaded && loaded.config !== undefined).toBe(true);
  });

  it('has a warning where the secret is in a variable, which the service does not see', async () => {
    const { notes } = await find(goodConfig([`skey: '${skey}'`, 'skey_env: DUO']));
    expect(notes.join()).toContain('variable');
  });

  it('has the certificates of NODE_EXTRA_CA_CERTS', async () => {
    const env = { NODE_EXTRA_CA_CERTS: '/etc/ssl/proxy.pem' };
    expect((await find(goodConfig(), { env })).target.extraCa).toBe('/etc/ssl/proxy.pem');
    expect((await find(goodConfig())).target.extraCa).toBeUndefined();
  });
});

describe('a new user on macOS', () => {
  it('gets the first number that neither a user nor a group has', async () => {
    const answers = {
      'id -u': { code: 1 },
      'dscl . -list /Users': { stdout: '_a                350\nnobody            -2\n' },
      'dscl . -list /Groups': { stdout: '_b                351\nstaff 20\n' },
    };
    const io = fakeIo({ platform: 'darwin', uid: 0 });
    const machine = await lookAround('launchd', io, fakeSystem({ answers }), 'shawl');
    expect(machine).toMatchObject({ hasUser: false, freeId: 352 });
    const there = await lookAround('launchd', io, fakeSystem(), 'shawl');
    expect(there.hasUser).toBe(true);
  });
});
