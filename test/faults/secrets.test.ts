import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAuthority, type Authority } from '../../src/simulator/certificates.ts';
import { startDuo, type DuoSimulator } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { defaultAccount } from '../../src/simulator/options.ts';
import { startTlsReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import { makeWorkplace, start, until, type Running, type Workplace } from '../helpers/program.ts';
import { preload } from './process-place.ts';
import {
  canaries,
  edit,
  encryptedKey,
  leaked,
  startEchoingProxy,
  traces,
} from './secrets-canary.ts';

vi.setConfig({ testTimeout: 120_000 });

const given = ['config.yml', 'broken.yml', 'client.key', 'other.key'];
let authority: Authority;
let duo: DuoSimulator;
let siem: StreamReceiver;
let workplace: Workplace;
let proxy: Awaited<ReturnType<typeof startEchoingProxy>>;
let programs: Running[];
let keyLines: string[];

beforeEach(async () => {
  authority = createAuthority();
  duo = await startDuo({
    authority,
    visibleDelayMs: 0,
    accounts: [{ ...defaultAccount, skey: canaries.skey }],
  });
  siem = await startTlsReceiver({ authority, names: ['localhost'], requestClientCert: authority });
  proxy = await startEchoingProxy();
  workplace = await makeWorkplace(duo, [
    {
      id: 'siem',
      protocol: 'TCPSSL',
      port: siem.port,
      endpoints: ['auth'],
      format: 'CEF',
      more: [
        'client_cert_filepath: client.pem',
        'client_key_filepath: client.key',
        `client_key_passphrase: ${JSON.stringify(canaries.passphrase)}`,
      ].join('\n    '),
    },
  ]);
  const { certPem, keyPem } = authority.issue({ names: ['client'], client: true });
  const key = encryptedKey(keyPem);
  keyLines = key.inside;
  await writeFile(join(workplace.folder, 'client.pem'), certPem);
  await writeFile(join(workplace.folder, 'client.key'), key.pem, { mode: 0o600 });
  const proxyLines = [
    '  proxy:',
    '    proxy_server: localhost',
    `    proxy_port: ${proxy.port}`,
    '    proxy_user: me',
    `    proxy_password: ${JSON.stringify(canaries.proxyPassword)}`,
    '    no_proxy: [localhost]',
  ];
  await edit(workplace.configFile, (text) =>
    text
      .replace('  checkpointing:', `${proxyLines.join('\n')}\n  checkpointing:`)
      .replaceAll(': client.', `: ${workplace.folder}/client.`),
  );
  duo.add('auth', makeEvents('auth', { count: 10, fromMs: Date.now() - 5_000 }));
  programs = [];
});

afterEach(async () => {
  await Promise.all(programs.map((program) => program.kill('SIGKILL')));
  proxy.off();
  await Promise.all([duo.close(), siem.stop()]);
  await workplace.remove();
});

function say(args: readonly string[], env: Record<string, string> = {}): Running {
  const program = start(args, env);
  programs.push(program);
  return program;
}

const forwarding = (): string[] => {
  return ['run', workplace.configFile, '--interval', '1', '--rate', '6000'];
};
const logSays = (text: string): Promise<void> =>
  until(`the log says ${text}`, async () => (await workplace.log()).includes(text), 60_000);

/** That it said something, and no secret anywhere. */
async function expectNoLeak(...said: readonly string[]): Promise<void> {
  const found = await traces(workplace, programs, given);
  const all = [...found.values()].join('\n');
  for (const text of said) expect(all).toContain(text);
  const secrets = [...Object.values(canaries), ...keyLines];
  const leaks = [...found].flatMap(([place, text]) =>
    leaked(text, secrets).map((secret) => `${secret} in ${place}`),
  );
  expect(leaks).toEqual([]);
}

it('no secret is in the log, the state, the dead letters or what commands print while Duo refuses, an event is set aside and the program crashes', async () => {
  const flag = join(workplace.folder, 'throw');
  const said = Object.values(canaries)
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      Buffer.from(`me:${secret}`).toString('base64'),
    ])
    .join(' and ');
  const program = say(forwarding(), {
    NODE_OPTIONS: `--import=${preload}`,
    TEST_POISON: 'u00000004',
    TEST_THROW: JSON.stringify({ flag, kind: 'exception', said }),
  });
  await until('the others', () => siem.received === 9, 60_000);
  duo.faults.push(
    { kind: 'status', status: 500, body: `<title>${said}</title>`, contentType: 'text/html' },
    { kind: 'redirect', location: `https://me:${canaries.skey}@elsewhere.example/${said}` },
    { kind: 'fail', status: 401, code: 40103, message: said },
    { kind: 'fail', status: 400, code: 40002, message: `no ${said}`, detail: said, times: 1000 },
  );
  await logSays('The feed is parked');
  const { configFile } = workplace;
  const commands = [
    ['status', configFile],
    ['status', '--json', configFile],
    ['dead-letter', 'list', '--config', configFile],
    ['gaps', '--config', configFile],
    ['validate', configFile],
    ['check', configFile],
    ['run', configFile],
    ['checkpoint', 'export-dls', join(workplace.folder, 'dls'), '--config', configFile],
  ].map((args) => say(args));
  await Promise.all(commands.map(({ ended }) => ended));
  await writeFile(flag, '');
  expect(await program.ended).toBe(70);
  await expectNoLeak('unformattable', 'The feed is parked', 'A mistake in duologsync', 'code=bug');
});

it('no secret is in what is said of a proxy that refuses the login and repeats it', async () => {
  await edit(workplace.configFile, (text) => text.replace('    no_proxy: [localhost]\n', ''));
  const program = say(forwarding());
  const check = say(['check', workplace.configFile]);
  await logSays('proxy_login');
  await check.ended;
  proxy.off();
  await program.kill('SIGTERM');
  await expectNoLeak('proxy_login');
});

it.each<{ mistake: string; change: (text: string) => string; said: string }>([
  {
    mistake: 'the wrong passphrase',
    change: (text) => text.replace('client_key_passphrase: "', 'client_key_passphrase: "x'),
    said: 'passphrase',
  },
  {
    mistake: 'the key of another certificate',
    change: (text) => text.replace('client.key', 'other.key'),
    said: 'client',
  },
  {
    mistake: 'misspelt names of secrets',
    change: (text) =>
      text
        .replace('  skey:', '  s_key:')
        .replace('proxy_password:', 'proxypassword:')
        .replace('client_key_passphrase:', 'client_key_pass_phrase:'),
    said: 's_key',
  },
  {
    mistake: 'a quote that is not closed',
    change: (text) =>
      text.replace(
        `proxy_password: ${JSON.stringify(canaries.proxyPassword)}`,
        `proxy_password: "${canaries.proxyPassword.replaceAll('"', '')}`,
      ),
    said: 'config.yml',
  },
  {
    mistake: 'the keys swapped and a secret key where the host belongs',
    change: (text) =>
      text
        .replace(/ {2}ikey: .*/, `  ikey: ${canaries.skey}`)
        .replace(/ {2}hostname: localhost:.*/, `  hostname: ${canaries.skey}`),
    said: 'config.yml',
  },
])('no secret is in what is said of a config with $mistake', async ({ change, said }) => {
  const { pem } = encryptedKey(authority.issue({ names: ['other'], client: true }).keyPem);
  await writeFile(join(workplace.folder, 'other.key'), pem, { mode: 0o600 });
  await copyFile(workplace.configFile, join(workplace.folder, 'broken.yml'));
  await edit(workplace.configFile, change);
  const { configFile } = workplace;
  const all = [
    say(['validate', configFile]),
    say(['validate', '--json', configFile]),
    say(['check', configFile]),
    say(['run', configFile]),
  ];
  expect(await Promise.all(all.map(({ ended }) => ended))).toEqual([78, 78, 78, 78]);
  await expectNoLeak(said);
});
