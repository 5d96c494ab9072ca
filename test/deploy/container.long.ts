import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDuo, type DuoSimulator } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import { until } from '../helpers/program.ts';
import { root } from './files.ts';

/**
 * What the Dockerfile does, without Docker: the packed package is installed in an empty folder and run in a mount
 * namespace in which everything is read-only but the two volumes and /tmp, by a user that owns nothing
 * else. Needs Linux, and root or a sudo that asks nothing.
 */
let place: string;
let installed: string;
let duo: DuoSimulator;
let siem: StreamReceiver;
const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive'];

function byRoot(...argv: string[]): number | null {
  const [program = '', ...args] = [...asRoot, ...argv];
  return spawnSync(program, args).status;
}

function npm(cwd: string, ...args: string[]): void {
  const ran = spawnSync('npm', args, { cwd, encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`npm ${args.join(' ')}: ${ran.stderr}`);
}

beforeAll(async () => {
  // Beside /tmp, which is another in the container.
  place = mkdtempSync(
    join(process.env['DUOLOGSYNC_TEST_FOLDER'] ?? '/var/tmp', 'duologsync-container-'),
  );
  chmodSync(place, 0o755);
  installed = join(place, 'usr');
  for (const folder of ['usr', 'etc', 'state', 'logs']) mkdirSync(join(place, folder));
  npm(root, 'pack', '--ignore-scripts', '--pack-destination', place);
  const tarball = readdirSync(place).find((name) => name.endsWith('.tgz')) ?? '';
  writeFileSync(join(installed, 'package.json'), '{"private":true}');
  npm(
    installed,
    'install',
    '--omit=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    join(place, tarball),
  );
  duo = await startDuo({ visibleDelayMs: 0 });
  siem = await startTcpReceiver();
  duo.add(
    'auth',
    makeEvents('auth', { count: 20, fromMs: Date.now() - 500, stepMs: 0, firstSerial: 1 }),
  );
  writeFileSync(join(place, 'etc', 'ca.pem'), duo.certPem);
  writeFileSync(join(place, 'etc', 'skey'), `${duo.account.skey}\n`, { mode: 0o600 });
  writeFileSync(
    join(place, 'etc', 'config.yml'),
    `version: '1.0.0'
dls_settings:
  api:
    offset: 2
    settle_seconds: 0
    ca_filepath: '${join(place, 'etc', 'ca.pem')}'
servers:
  - id: siem
    hostname: 127.0.0.1
    port: ${siem.port}
    protocol: TCP
account:
  ikey: ${duo.account.ikey}
  skey_file: '${join(place, 'etc', 'skey')}'
  hostname: ${duo.hostname}
  endpoint_server_mappings:
    - endpoints: [auth]
      server: siem
`,
  );
  const owned = ['state', 'logs', 'etc/skey'].map((name) => join(place, name));
  expect(byRoot('chown', '10001:10001', ...owned)).toBe(0);
});

afterAll(async () => {
  await Promise.all([duo.close(), siem.stop()]);
  byRoot('rm', '-rf', place);
});

/** Runs duologsync as the image would; stdin is closed, the environment is the image's. */
function contained(...args: string[]): ChildProcess {
  const script = join(installed, 'node_modules', 'duologsync', 'dist', 'src', 'main.js');
  const inside = `set -e
mount --make-rprivate /
mount --bind "$PLACE/state" "$PLACE/state"
mount --bind "$PLACE/logs" "$PLACE/logs"
mount -o remount,bind,ro /
mount -t tmpfs tmpfs /tmp
if touch "$PLACE/etc/probe" 2>/dev/null; then echo 'the root can be written' >&2; exit 99; fi
exec setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs --bounding-set=-all "$@"`;
  const env = {
    PLACE: place,
    DUOLOGSYNC_CONFIG: join(place, 'etc', 'config.yml'),
    STATE_DIRECTORY: join(place, 'state'),
    LOGS_DIRECTORY: join(place, 'logs'),
  };
  const given = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const [program = '', ...words] = [
    ...asRoot,
    'unshare',
    '--mount',
    'env',
    ...given,
    'sh',
    '-c',
    inside,
    'sh',
  ];
  return spawn(program, [...words, process.execPath, script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describe('the program in a container', () => {
  it('forwards with a read-only root as a user of its own, writes only to its volumes, and stops gently', async () => {
    const program = contained('run', '--interval', '1', '--rate', '6000');
    let said = '';
    program.stderr?.on('data', (part: Buffer) => (said += part.toString('utf8')));
    const ended = once(program, 'close');
    try {
      await until('20 lines', () => {
        if (program.exitCode !== null) throw new Error(`it ended: ${said}`);
        return siem.lines().length >= 20;
      });
      // As HEALTHCHECK asks.
      await until('health', async () => (await once(contained('status'), 'close'))[0] === 0);
    } finally {
      program.kill('SIGTERM');
      expect((await ended)[0]).toBe(0);
    }
    expect(siem.lines()).toHaveLength(20);
    expect(byRoot('grep', '-q', 'has stopped', join(place, 'logs', 'duologsync.log'))).toBe(0);
    expect(byRoot('sh', '-c', `ls -d ${place}/state/duologsync-*/feeds`)).toBe(0);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('duologsync-10001-'))).toEqual(
      [],
    );
  });
});
