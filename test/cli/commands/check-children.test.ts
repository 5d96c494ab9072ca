import { afterEach, describe, expect, it } from 'vitest';
import { check } from '../../../src/cli/commands/check.ts';
import { startDuo } from '../../../src/simulator/duo-server.ts';
import { makeEvents } from '../../../src/simulator/history.ts';
import { defaultAccount, type SimulatedChild } from '../../../src/simulator/options.ts';
import { startTcpReceiver } from '../../../src/simulator/siem.ts';
import { makeWorkplace } from '../../helpers/program.ts';
import { fakeIo } from '../fake-io.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function child(n: number, more: Partial<SimulatedChild> = {}): SimulatedChild {
  return { id: `DACHILD${n}`, name: `Child ${n}`, host: 'localhost', ...more };
}

async function run(
  children: readonly SimulatedChild[],
  kind: 'admin' | 'accounts' = 'accounts',
  account: readonly string[] = [],
) {
  const duo = await startDuo({
    visibleDelayMs: 0,
    accounts: [{ ...defaultAccount, kind }],
    children,
  });
  const siem = await startTcpReceiver();
  const endpoints = ['auth', 'activity'];
  const server = { id: 'siem', protocol: 'TCP', port: siem.port, endpoints } as const;
  const workplace = await makeWorkplace(duo, [server], [], ['is_msp: true', ...account]);
  closers.push(
    () => duo.close(),
    () => siem.stop(),
    () => workplace.remove(),
  );
  duo.add('auth', makeEvents('auth', { count: 7, fromMs: Date.now() - 600_000 }), 'DACHILD1');
  const io = fakeIo();
  const code = await check(workplace.configFile, {}, io);
  return { code, out: io.out(), calls: duo.journal.length };
}

describe('check for an MSP', () => {
  it('lists the child accounts and tests their logs at their hosts', async () => {
    const lines = ['block_list: [DACHILD2]'];
    const { code, out } = await run([child(1), child(2), child(3)], 'accounts', lines);
    expect(code).toBe(0);
    expect(out).toMatch(/ok {4}accounts {5}2 child accounts; block_list leaves out 1$/m);
    expect(out).toMatch(/^Child account Child 1 \(DACHILD1\) localhost:\d+$/m);
    expect(out).toContain('7 events in the last hour');
    expect(out).not.toContain('DACHILD2');
    for (const step of ['TLS', 'clock', 'key', 'connect'])
      expect(out.match(new RegExp(`^ {2}ok {4}${step}\\b`, 'gm'))).toHaveLength(1);
  });

  it('tests the first twenty of many, and says so', async () => {
    const { out, calls } = await run(Array.from({ length: 30 }, (_, n) => child(n + 1)));
    expect(out).toContain('30 child accounts, the first 20 are tested;');
    expect(calls).toBe(1 + 20 * 2);
  });

  it('exits with 77 and names the child that Duo refuses', async () => {
    const children = [child(1), child(2, { permissions: ['activity'] })];
    const { code, out } = await run(children);
    expect(code).toBe(77);
    expect(out).toMatch(/FAIL {2}auth .*\(duo_forbidden\)/);
    expect(out).toMatch(/^1 of 2 child accounts: Child 2 \(DACHILD2\)$/m);
  });

  it('exits with 69 when a child’s host is dead, said once for all its logs', async () => {
    const { code, out } = await run([child(1, { apiHostname: 'localhost:1' }), child(2)]);
    expect(code).toBe(69);
    expect(out.match(/FAIL/g)).toHaveLength(1);
    expect(out).toMatch(/FAIL {2}connection .*\(duo_refused\)/);
  });

  it('exits with 77 and says which kind of key is needed when it is not one of the Accounts API', async () => {
    const { code, out } = await run([child(1)], 'admin');
    expect(code).toBe(77);
    expect(out).toMatch(/FAIL {2}accounts .*\(duo_forbidden\)\n.*Accounts API application/);
  });

  it('fails when there is no child account', async () => {
    const { code, out } = await run([]);
    expect(code).toBe(69);
    expect(out).toContain('accounts_empty');
  });

  it('leaves out accounts without a usable id or host, and says how many', async () => {
    const { code, out } = await run([child(1), child(2, { apiHostname: 'user@host/path' })]);
    expect(code).toBe(0);
    expect(out).toContain('Accounts without a usable id or API host are left out: 1');
  });

  it('prints no control character that a name holds', async () => {
    const { out } = await run([child(1, { name: 'a\u001b[2Jb\u202e' })]);
    expect(out).toContain('Child account a?[2Jb? (DACHILD1)');
  });
});
