import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { check, type CheckOptions } from '../../../src/cli/commands/check.ts';
import { createAuthority } from '../../../src/simulator/certificates.ts';
import { startConnectProxy } from '../../../src/simulator/connect-proxy.ts';
import { startDuo } from '../../../src/simulator/duo-server.ts';
import { makeEvents } from '../../../src/simulator/history.ts';
import { defaultAccount, type DuoOptions } from '../../../src/simulator/options.ts';
import { startTcpReceiver, startTlsReceiver } from '../../../src/simulator/siem.ts';
import { makeWorkplace } from '../../helpers/program.ts';
import { fakeIo } from '../fake-io.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function place(options: DuoOptions = {}) {
  const duo = await startDuo({ visibleDelayMs: 0, ...options });
  const siem = await startTcpReceiver();
  const server = {
    id: 'siem',
    protocol: 'TCP',
    port: siem.port,
    endpoints: ['auth', 'activity'],
  } as const;
  const workplace = await makeWorkplace(duo, [server]);
  closers.push(
    () => duo.close(),
    () => siem.stop(),
    () => workplace.remove(),
  );
  return { duo, siem, workplace };
}

async function run(configFile: string, options: CheckOptions = {}) {
  const io = fakeIo();
  const code = await check(configFile, options, io);
  return { code, out: io.out(), err: io.err() };
}

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  expect(text).toContain(from);
  await writeFile(file, text.replace(from, to));
}

describe('check', () => {
  it('says of an archive where it is and where an event of now would go', async () => {
    const { workplace, siem } = await place();
    const directory = `${workplace.folder}/duo`;
    const network = `    hostname: localhost\n    port: ${siem.port}\n    protocol: TCP\n`;
    await edit(
      workplace.configFile,
      network,
      `    protocol: FILE\n    directory: '${directory}'\n`,
    );
    const { code, out } = await run(workplace.configFile);
    expect(out).toContain(`Server siem FILE ${directory}`);
    expect(out).toMatch(/directory .* will be made in /);
    expect(out).toMatch(/path .* an auth event of now goes to auth\/\d{4}-\d\d-\d\d\.log/);
    expect(code).toBe(0);
    await writeFile(directory, 'in the way');
    const blocked = await run(workplace.configFile);
    expect(blocked.code).toBe(69);
    expect(blocked.out).toMatch(/FAIL|directory/);
  });

  it('tells each step that is well and exits with 0, without sending an event', async () => {
    const { duo, siem, workplace } = await place();
    duo.add('auth', makeEvents('auth', { count: 7, fromMs: Date.now() - 600_000 }));
    const { code, out } = await run(workplace.configFile);
    expect(code).toBe(0);
    for (const step of ['TLS', 'clock', 'key', 'auth', 'activity', 'resolve', 'connect'])
      expect(out).toMatch(new RegExp(`^ {2}ok {4}${step}`, 'm'));
    expect(out).toContain('7 events in the last hour');
    expect(out).toMatch(/0 of \d+ checks failed\.\n$/);
    expect(siem.received).toBe(0);
  });

  it('says that there may be more events than one page holds', async () => {
    const { duo, workplace } = await place();
    const fromMs = Date.now() - 1_800_000;
    duo.add('auth', makeEvents('auth', { count: 1_000, fromMs }));
    duo.add('activity', makeEvents('activity', { count: 999, fromMs }));
    const { out } = await run(workplace.configFile);
    expect(out).toMatch(/auth +1000 events or more in the last hour/);
    expect(out).toMatch(/activity +999 events in the last hour/);
  });

  it('exits with 77 and names the key when it is wrong, once for all logs', async () => {
    const { duo, workplace } = await place();
    await edit(workplace.configFile, duo.account.skey, 'x'.repeat(40));
    const { code, out } = await run(workplace.configFile);
    expect(code).toBe(77);
    expect(out).toMatch(/FAIL {2}key .*\(duo_invalid_signature\)/);
    expect(out).toContain('account.skey');
    expect(out.match(/FAIL/g)).toHaveLength(1);
    expect(out).not.toContain('xxxx');
  });

  it('exits with 77 and names the log that the key may not read; the others are checked too', async () => {
    const account = { ...defaultAccount, permissions: ['activity'] } as const;
    const { workplace } = await place({ accounts: [account] });
    const { code, out } = await run(workplace.configFile);
    expect(code).toBe(77);
    expect(out).toMatch(/FAIL {2}auth .*\(duo_forbidden\)\n {8}.*"Grant read log"/);
    expect(out).toMatch(/ok {4}activity/);
  });

  it('exits with 69 when a server is down, and checks Duo all the same', async () => {
    const { siem, workplace } = await place();
    await siem.stop();
    const { code, out } = await run(workplace.configFile);
    expect(code).toBe(69);
    expect(out).toMatch(/ok {4}auth/);
    expect(out).toMatch(/FAIL {2}connect .*\(server_refused\)/);
    expect(out).toMatch(/1 of \d+ checks failed\.\n$/);
  });

  it('names the step of a server that failed, once', async () => {
    const { siem, workplace } = await place();
    const file = workplace.configFile;
    await edit(
      file,
      'protocol: TCP',
      `protocol: TCPSSL\n    cert_filepath: '${workplace.folder}/ca.pem'`,
    );
    const stranger = await startTlsReceiver({ authority: createAuthority(), names: ['localhost'] });
    closers.push(() => stranger.stop());
    await edit(file, `port: ${siem.port}`, `port: ${stranger.port}`);
    const untrusted = await run(file);
    expect(untrusted.out).toMatch(/FAIL {2}tls .*\(tls_untrusted\)/);
    expect(untrusted.out.match(/^ {2}\w+ +connect /gm)).toHaveLength(1);
    await edit(file, 'hostname: localhost', 'hostname: siem.invalid');
    expect((await run(file)).out).toMatch(/FAIL {2}resolve .*\(server_/);
  });

  it('exits with 69 when Duo is not there, and checks the servers all the same', async () => {
    const { duo, workplace } = await place();
    await duo.close();
    const { code, out } = await run(workplace.configFile);
    expect(code).toBe(69);
    expect(out).toMatch(/FAIL {2}connection .*\(duo_refused\)/);
    expect(out).toMatch(/ok {4}connect/);
    expect(out.match(/FAIL/g)).toHaveLength(1);
  });

  it('goes through the proxy of the config and says so', async () => {
    const { workplace } = await place();
    const proxy = await startConnectProxy();
    closers.push(() => proxy.close());
    const section = `  proxy:\n    proxy_server: localhost\n    proxy_port: ${proxy.port}\n  checkpointing:`;
    await edit(workplace.configFile, '  checkpointing:', section);
    const { code, out } = await run(workplace.configFile);
    expect(code).toBe(0);
    expect(out).toMatch(/ok {4}proxy {8}localhost:\d+/);
    expect(proxy.journal.length).toBeGreaterThan(0);
  });

  it('names the proxy when that is what is down', async () => {
    const { workplace } = await place();
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const section = `  proxy:\n    proxy_server: localhost\n    proxy_port: ${port}\n  checkpointing:`;
    await edit(workplace.configFile, '  checkpointing:', section);
    const { code, out } = await run(workplace.configFile);
    expect(code).toBe(69);
    expect(out).toMatch(/FAIL {2}proxy .*\(proxy_refused\)/);
    expect(out).toContain('proxy.proxy_port');
  });

  it('names TLS when the certificate is not trusted', async () => {
    const { duo, workplace } = await place();
    const other = await startDuo();
    closers.push(() => other.close());
    await edit(workplace.configFile, duo.hostname, other.hostname);
    const { code, out } = await run(workplace.configFile);
    expect(code).toBe(69);
    expect(out).toMatch(/FAIL {2}TLS .*\(duo_tls_untrusted\)/);
  });

  it('exits with 78 when the file of extra certificates cannot be read', async () => {
    const { workplace } = await place();
    const text = await readFile(workplace.configFile, 'utf8');
    await writeFile(workplace.configFile, text.replace(/ca_filepath: .*/, 'ca_filepath: /none'));
    expect((await run(workplace.configFile)).code).toBe(78);
  });
});
