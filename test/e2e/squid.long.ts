import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { checkSequence, type SequenceReport } from '../../src/simulator/check-sequence.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import { makeWorkplace, until, type Workplace } from '../helpers/program.ts';
import { debianSquid, squidLogin, startSquid } from '../helpers/squid.ts';
import { letters, logs, running, type Source, startSource } from './real-receiver.ts';

const timeout = 120_000;

interface Place {
  readonly source: Source;
  readonly siem: StreamReceiver;
  readonly squid: Awaited<ReturnType<typeof startSquid>>;
  readonly workplace: Workplace;
  readonly report: () => SequenceReport;
}

/** A Duo that is only reached through the real squid; `lines` are further ones of the proxy's section. */
async function setUp(login: boolean, lines: readonly string[] = []): Promise<Place> {
  const source = await startSource(2_000);
  const squid = await startSquid({ login });
  onTestFinished(() => squid.stop());
  const siem = await startTcpReceiver();
  onTestFinished(() => siem.stop());
  const server = { id: 'siem', protocol: 'TCP', port: siem.port, endpoints: logs } as const;
  const proxy = ['proxy_server: 127.0.0.1', `proxy_port: ${squid.port}`, ...lines];
  const settings = ['proxy:', ...proxy.map((line) => `  ${line}`)];
  const workplace = await makeWorkplace(source.duo, [server], [], [], settings);
  onTestFinished(() => workplace.remove());
  const report = (): SequenceReport => {
    const sent = logs.flatMap((log) => source.duo.ledger(log));
    return checkSequence({ sent, received: siem.lines(), format: 'json' });
  };
  return { source, siem, squid, workplace, report };
}

const { user, password } = squidLogin;
const withPassword = (text: string): string[] => {
  return [`proxy_user: ${user}`, `proxy_password: '${text}'`];
};
const once = { lost: [], repeated: 0, malformed: [], unknown: [] };

// Debian's packages are the one way to a proxy that needs no root.
describe.runIf(process.platform === 'linux')('The real squid before Duo', { timeout }, () => {
  // What unpacks holds this process, and a Duo or a program that runs meanwhile would wait for it.
  beforeAll(() => void debianSquid(), 600_000);

  it.each([
    ['that asks for no login', false, []],
    ['that knows our login', true, withPassword(password)],
  ] as const)(
    '%s passes every call on, and every event comes once',
    async (_what, login, lines) => {
      const { source, workplace, report } = await setUp(login, lines);
      const program = running(workplace);
      await until('all events', () => report().lost.length === 0);
      expect(await program.kill('SIGTERM')).toBe(0);
      expect(report()).toMatchObject(once);
      expect(source.duo.journal.length).toBeGreaterThan(0);
      expect(await workplace.log()).not.toMatch(/WARNING|ERROR/);
    },
  );

  it.each([
    ['a wrong password', withPassword('not the word'), 'it refused the login'],
    ['no login', [], 'it wants a login'],
  ] as const)(
    'that gets %s is named with the remedy, and with the right one every event comes once',
    async (_what, lines, words) => {
      const { source, siem, workplace, report } = await setUp(true, lines);
      const refused = running(workplace);
      await until('the refusal', async () => (await workplace.log()).includes('proxy_login'));
      await refused.kill('SIGTERM');
      const said = (await workplace.log()) + refused.stdout() + refused.stderr();
      expect(said).toContain(words);
      expect(said).toMatch(/hint="[^"]*proxy_user/);
      expect(siem.received).toBe(0);
      expect(source.duo.journal).toEqual([]);

      const text = await readFile(workplace.configFile, 'utf8');
      const corrected = text
        .replace(/^ *proxy_(user|password):.*\n/gm, '')
        .replace(/^( *)proxy_port:.*\n/m, (line, indent: string) =>
          [line, ...withPassword(password).map((more) => `${indent}${more}\n`)].join(''),
        );
      await writeFile(workplace.configFile, corrected);
      const program = running(workplace);
      await until('all events', () => report().lost.length === 0);
      expect(await program.kill('SIGTERM')).toBe(0);
      expect(report()).toMatchObject(once);
      const names = await readdir(workplace.state, { recursive: true, withFileTypes: true });
      const files = names.filter((entry) => entry.isFile());
      const kept = files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8'));
      const all = [...(await Promise.all(kept)), await workplace.log(), said].join('\n');
      for (const secret of ['not the word', password]) {
        expect(all).not.toContain(secret);
        expect(all).not.toContain(Buffer.from(`${user}:${secret}`).toString('base64'));
      }
    },
  );

  it('that is killed and comes back is told once and costs nothing', async () => {
    const { source, squid, workplace, report } = await setUp(true, withPassword(password));
    const program = running(workplace);
    await until('all events', () => report().lost.length === 0);
    await squid.crash();
    for (const log of logs) {
      const more = { count: 100, fromMs: Date.now() - 1_000, stepMs: 0, firstSerial: 50_001 };
      source.add(log, makeEvents(log, { ...more, letter: letters[log] }));
    }
    await until('trouble', async () => (await workplace.log()).includes('proxy_refused'));
    expect(report().lost).toHaveLength(100 * logs.length);
    await squid.startAgain();
    await until('what came meanwhile', () => report().lost.length === 0, 60_000);
    expect(await program.kill('SIGTERM')).toBe(0);
    expect(report()).toMatchObject(once);
  });
});
