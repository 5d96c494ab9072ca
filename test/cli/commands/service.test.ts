import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  service,
  type ServiceOptions,
  type ServiceVerb,
} from '../../../src/cli/commands/service.ts';
import type { Io } from '../../../src/cli/io.ts';
import { goodConfig, skey } from '../../config/loading.ts';
import { fakeIo } from '../fake-io.ts';
import { fakeSystem, type FakeOptions } from '../service/fake-system.ts';
import { readXml } from '../../helpers/xml.ts';

let folder: string;
let config: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologsync-service-'));
  config = join(folder, 'config.yml');
  await writeFile(config, goodConfig([`skey: '${skey}'`, 'skey_credential: duo']), { mode: 0o600 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function call(
  verb: ServiceVerb,
  options: ServiceOptions & { system?: FakeOptions; io?: Partial<Io>; config?: string } = {},
) {
  const io = fakeIo({ platform: 'linux', uid: 0, ...options.io });
  const system = fakeSystem(options.system);
  const code = await service(verb, options.config ?? config, options, io, system);
  return { code, out: io.out(), err: io.err(), system };
}

const windows = { platform: 'win32', uid: undefined } as const;
const stranger = { answers: { id: { code: 1 } } };

describe('service print', () => {
  it('writes the unit with the paths of this machine, and says the rest on stderr', async () => {
    const { code, out, err, system } = await call('print');
    expect(code).toBe(0);
    expect(out).toMatch(/^\[Unit\]\n/);
    expect(out).toContain(`/usr/bin/node `);
    expect(out).toContain(`run ${config}\n`);
    expect(out).toContain(`LoadCredential=duo:${join(folder, 'duo')}`);
    expect(err).toContain('root alone needs to read it');
    expect(system.written.size).toBe(0);
  });

  it('writes the plist on macOS, the task on Windows, and there with --shawl a command', async () => {
    const plist = await call('print', { io: { platform: 'darwin' } });
    expect(readXml(plist.out).name).toBe('plist');
    const task = await call('print', { io: windows });
    expect(readXml(task.out).name).toBe('Task');
    const shawl = await call('print', { io: windows, shawl: 'C:\\my tools\\shawl.exe' });
    expect(shawl.out).toMatch(/^"C:\\my tools\\shawl\.exe" add --name duologsync .*\n$/);
  });

  it('needs no config to be there: the usual place of the machine is named', async () => {
    const io = fakeIo({ platform: 'linux', uid: 1000 });
    expect(await service('print', undefined, {}, io, fakeSystem())).toBe(0);
    expect(io.out()).toContain('run /etc/duologsync/config.yml\n');
  });

  it('tells of checkpoints in /tmp, which the service would not see', async () => {
    const files = { '/tmp/auth_checkpoint_data.txt': '/tmp/auth_checkpoint_data.txt' };
    expect((await call('print', { system: { files } })).err).toContain('/tmp');
    expect((await call('print')).err).not.toContain('/tmp are not seen');
  });
});

describe('service install', () => {
  it('says each step, asks, and does exactly that', async () => {
    const { code, err, out, system } = await call('install', {
      system: { ...stranger, reply: 'y' },
    });
    expect(code).toBe(0);
    expect(system.asked).toHaveLength(1);
    const told = [...err.matchAll(/^ {2}\d+\. (?:run|write) +(.*?)(?: \(duologsync.*)?$/gm)].map(
      ([, step]) => step,
    );
    const done = system.done
      .filter((step) => !step.startsWith('id '))
      .map((step) => step.replace('write ', ''));
    expect(told).toEqual(done);
    expect(told).toContain('systemctl restart duologsync');
    expect(system.written.get('/etc/systemd/system/duologsync.service')).toBe(
      (await call('print')).out,
    );
    expect(out).toContain('runs as a service');
  });

  it('does nothing when the answer is anything but yes', async () => {
    for (const reply of ['', 'n', 'yellow']) {
      const { code, err, system } = await call('install', { system: { reply } });
      expect(code).toBe(1);
      expect(err).toContain('Nothing was done.');
      expect(system.done.filter((step) => !step.startsWith('id '))).toEqual([]);
    }
  });

  it('does nothing where nobody can answer, unless --yes is given', async () => {
    const alone = await call('install');
    expect(alone.code).toBe(2);
    expect(alone.err).toContain('--yes');
    expect(alone.system.written.size).toBe(0);
    const told = await call('install', { yes: true });
    expect(told.code).toBe(0);
    expect(told.system.written.size).toBe(1);
  });

  it('says what to type when it is not root', async () => {
    const { code, err, system } = await call('install', { io: { uid: 1000 }, yes: true });
    expect(code).toBe(73);
    expect(err).toContain(`sudo duologsync service install ${config}`);
    expect(system.written.size).toBe(0);
  });

  it('asks Windows for its rights, and speaks of an administrator', async () => {
    const refused = { answers: { 'fltmc.exe': { code: 5 } } };
    const { code, err } = await call('install', { io: windows, system: refused, yes: true });
    expect(code).toBe(73);
    expect(err).toContain('Run as administrator');
    const { system } = await call('install', { io: windows, yes: true });
    expect(system.done.at(-1)).toBe('schtasks.exe /run /tn duologsync');
  });

  it('refuses a config that is missing or wrong before anything is touched', async () => {
    const missing = await call('install', { config: join(folder, 'none.yml'), yes: true });
    expect(missing.code).toBe(66);
    await writeFile(config, goodConfig(["'auth'", "'auht'"]));
    const wrong = await call('install', { yes: true });
    expect(wrong.code).toBe(78);
    expect(wrong.err).toContain("did you mean 'auth'");
    expect([...missing.system.written, ...wrong.system.written]).toEqual([]);
  });

  it('refuses what lies in a person’s folder, with where it belongs', async () => {
    const personal = '/home/ann/.nvm/versions/node/v24.0.0/bin/node';
    const { code, err } = await call('install', { system: { execPath: personal }, yes: true });
    expect(code).toBe(73);
    expect(err).toContain('Install Node for the whole machine');
  });

  it('stops at the first step that fails, and says which and why', async () => {
    const answers = { 'systemctl restart': { code: 1, stderr: 'Job failed.' } };
    const { code, err } = await call('install', { system: { answers }, yes: true });
    expect(code).toBe(73);
    expect(err).toContain('step 6 failed: systemctl ended with 1: Job failed.');
    expect(err).toContain('journalctl -u duologsync');
  });
});

describe('service uninstall', () => {
  it('says what it does, asks, and leaves config and state alone', async () => {
    const { code, err, system } = await call('uninstall', { system: { reply: 'yes' } });
    expect(code).toBe(0);
    expect(err).toContain('Config, checkpoints, log');
    expect(system.done).toContain('remove /etc/systemd/system/duologsync.service');
    expect(system.done.join('\n')).not.toContain(folder);
  });

  it('goes on where the service is not running any more', async () => {
    const answers = { 'systemctl disable': { code: 1 } };
    expect((await call('uninstall', { system: { answers }, yes: true })).code).toBe(0);
  });
});

describe('service status', () => {
  it('is the answer of the service manager', async () => {
    const { code, out } = await call('status', { system: { answers: { systemctl: { code: 3 } } } });
    expect(code).toBe(69);
    expect(out).toContain('does not run');
  });

  it('says where no manager is known what to do instead', async () => {
    const { code, err } = await call('status', { io: { platform: 'freebsd' } });
    expect(code).toBe(2);
    expect(err).toContain('duologsync run CONFIG');
  });
});
