import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, expect, it } from 'vitest';
import { startConnectProxy } from '../../src/simulator/connect-proxy.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents, serialIn } from '../../src/simulator/history.ts';
import { defaultAccount } from '../../src/simulator/options.ts';
import { startTcpReceiver } from '../../src/simulator/siem.ts';
import { duologsync } from '../cli/commands/running.ts';
import { forward, makeWorkplace, until } from '../helpers/program.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const dayMs = 86_400_000;

it('a backfill of an MSP is of the children that are named, by id or name, with the program and without', async () => {
  const children = [1, 2].map((n) => ({
    id: `DACHILD${String(n).padStart(13, '0')}`,
    name: `Child ${n}`,
    host: `api-child${n}.duosecurity.test`,
  }));
  const parent = { ...defaultAccount, kind: 'accounts' } as const;
  const duo = await startDuo({ visibleDelayMs: 0, accounts: [parent], children });
  const proxy = await startConnectProxy({ route: () => ({ host: '127.0.0.1', port: duo.port }) });
  const siem = await startTcpReceiver();
  const workplace = await makeWorkplace(
    duo,
    [{ id: 'siem', protocol: 'TCP', port: siem.port, endpoints: ['auth'] }],
    ['requests_per_minute: 6000'],
    ['is_msp: true'],
  );
  closers.push(
    () => duo.close(),
    () => proxy.close(),
    () => siem.stop(),
    () => workplace.remove(),
  );
  const text = await readFile(workplace.configFile, 'utf8');
  const section = `  proxy:\n    proxy_server: localhost\n    proxy_port: ${proxy.port}\n`;
  await writeFile(
    workplace.configFile,
    text.replace('  checkpointing:', `${section}  checkpointing:`),
  );
  const fromMs = Date.now() - 9 * dayMs;
  for (const [index, { id }] of children.entries()) {
    const letter = 'xy'[index] ?? '';
    duo.add('auth', makeEvents('auth', { count: 30, fromMs, letter }), id);
  }
  const come = (): string[] =>
    siem.lines().map((line) => (serialIn(line.toString()) ?? '').slice(0, 1));
  const backfill = (account: string) =>
    duologsync([
      ...['backfill', workplace.configFile, '--since', '10d', '--until', '8d'],
      ...['--account', account, '--json'],
    ]);
  const alone = await backfill('Child 1');
  expect(alone.code, alone.err).toBe(0);
  expect(come()).toEqual(Array(30).fill('x'));

  const program = forward(workplace);
  closers.push(() => program.kill('SIGKILL'));
  await until('the live feeds', async () => (await workplace.log()).split(' > siem"').length > 2);
  const running = await backfill(children[1]?.id ?? '');
  expect([running.code, running.err]).toEqual([0, '']);
  expect(come().slice(30)).toEqual(Array(30).fill('y'));
  const wrong = await backfill('Child 3');
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain(`There are these accounts: ${children[0]?.id}, ${children[1]?.id}`);
});
