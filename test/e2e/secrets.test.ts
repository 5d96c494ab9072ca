import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { startDuo, type DuoSimulator } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import { fakeIo } from '../cli/fake-io.ts';
import { makeWorkplace, start, stoppedGently, until, type Workplace } from '../helpers/program.ts';

let duo: DuoSimulator;
let siem: StreamReceiver;
let workplace: Workplace;

beforeEach(async () => {
  duo = await startDuo({ visibleDelayMs: 0 });
  siem = await startTcpReceiver();
  const server = { id: 'siem', protocol: 'TCP', port: siem.port, endpoints: ['auth'] } as const;
  workplace = await makeWorkplace(duo, [server]);
  duo.add(
    'auth',
    makeEvents('auth', { count: 5, fromMs: Date.now() - 500, stepMs: 0, firstSerial: 1 }),
  );
});

afterEach(async () => {
  await Promise.all([duo.close(), siem.stop()]);
  await workplace.remove();
});

/** Everything that the program wrote, below its folder. */
async function written(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile() && name.name !== 'secret');
  const texts = files.map((file) => readFile(join(file.parentPath, file.name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

describe('the secret key', () => {
  it.each(['credential', 'command', 'file', 'env'])(
    'from a %s signs the calls, and is in nothing that the program writes',
    async (source) => {
      const { skey } = duo.account;
      const folder = join(workplace.folder, 'credentials');
      await mkdir(folder);
      const secret = join(folder, 'secret');
      await writeFile(secret, `${skey}\n`, { mode: 0o600 });
      const print = `process.stdout.write(require('fs').readFileSync(${JSON.stringify(secret)}))`;
      const value = {
        credential: 'secret',
        command: JSON.stringify([process.execPath, '-e', print]),
        file: `'${secret}'`,
        env: 'SECRET_OF_DUO',
      }[source];
      const config = await readFile(workplace.configFile, 'utf8');
      await writeFile(
        workplace.configFile,
        config.replace(`skey: ${skey}`, `skey_${source}: ${value ?? ''}`),
      );
      const env = { CREDENTIALS_DIRECTORY: folder, SECRET_OF_DUO: skey };
      const program = start(
        ['run', workplace.configFile, '--interval', '1', '--rate', '6000'],
        env,
      );
      await until('5 lines', () => siem.lines().length >= 5).finally(() => program.kill('SIGTERM'));
      expect(await program.ended).toBe(stoppedGently);
      const all = `${program.stdout()}${program.stderr()}${await written(workplace.folder)}`;
      expect(all).toContain('duologsync starts');
      expect(all).not.toContain(skey);
    },
  );

  it('is never in what a refused config says, whichever way it came', async () => {
    const { skey } = duo.account;
    const config = await readFile(workplace.configFile, 'utf8');
    const fail = `console.log('${skey}'); console.error('denied for ${skey}'); process.exitCode = 1`;
    for (const line of [
      `skey_command: ${JSON.stringify([process.execPath, '-e', fail])}`,
      `skey_command: '${skey}'`,
      `skey_credential: '${skey}'`,
      `skey_file: '${skey}'`,
      `skey: ['${skey}']`,
    ]) {
      await writeFile(workplace.configFile, config.replace(`skey: ${skey}`, line));
      for (const words of [['validate'], ['validate', '--json'], ['run']]) {
        const [command = '', ...options] = words;
        const io = fakeIo({ env: process.env });
        expect(await main([command, workplace.configFile, ...options], io), line).toBe(78);
        expect(io.out() + io.err(), line).not.toContain(skey);
      }
    }
  });
});
