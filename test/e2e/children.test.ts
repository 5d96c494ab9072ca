import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, expect, it } from 'vitest';
import { checkSequence } from '../../src/simulator/check-sequence.ts';
import { startConnectProxy } from '../../src/simulator/connect-proxy.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { defaultAccount, type SimulatedChild } from '../../src/simulator/options.ts';
import { startTcpReceiver } from '../../src/simulator/siem.ts';
import {
  forward,
  hasSignals,
  makeWorkplace,
  start,
  stoppedGently,
  until,
} from '../helpers/program.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const endpoints = ['auth', 'activity', 'telephony'] as const;
let serial = 1;

function child(n: number, more: Partial<SimulatedChild> = {}): SimulatedChild {
  const id = `DACHILD${String(n).padStart(13, '0')}`;
  return { id, name: `Child ${n}`, host: `api-child${n}.duosecurity.test`, ...more };
}

/** A parent whose children live on hosts of their own; a proxy leads there. */
async function place(children: readonly SimulatedChild[]) {
  const parent = { ...defaultAccount, kind: 'accounts' } as const;
  const spare = child(99);
  const duo = await startDuo({
    visibleDelayMs: 0,
    accounts: [parent],
    children: [...children, spare],
  });
  duo.setChildren(children);
  const dead = { host: '127.0.0.1', port: 1 };
  const proxy = await startConnectProxy({
    route: (host) => (host.includes('dead') ? dead : { host: '127.0.0.1', port: duo.port }),
  });
  const siem = await startTcpReceiver();
  const server = { id: 'siem', protocol: 'TCP', port: siem.port, endpoints } as const;
  const workplace = await makeWorkplace(duo, [server], [], ['is_msp: true']);
  const text = await readFile(workplace.configFile, 'utf8');
  const section = `  proxy:\n    proxy_server: localhost\n    proxy_port: ${proxy.port}\n`;
  await writeFile(
    workplace.configFile,
    text.replace('  checkpointing:', `${section}  checkpointing:`),
  );
  closers.push(
    () => duo.close(),
    () => proxy.close(),
    () => siem.stop(),
    () => workplace.remove(),
  );
  const add = (one: SimulatedChild, count: number): void => {
    for (const endpoint of endpoints) {
      const plan = { count, fromMs: Date.now() - 1000, stepMs: 0, firstSerial: serial };
      duo.add(endpoint, makeEvents(endpoint, plan), one.id);
      serial += count;
    }
  };
  const sentOf = (one: SimulatedChild, of: readonly (typeof endpoints)[number][] = endpoints) =>
    of.flatMap((endpoint) => duo.ledger(endpoint, one.id));
  return { duo, siem, workplace, spare, add, sentOf };
}

it('reads twenty children, whatever Duo refuses to one or the network to another, and follows their list', async () => {
  const refused = child(3, { permissions: ['auth', 'activity'] });
  const dead = child(7, { host: 'api-dead7.duosecurity.test' });
  const children = Array.from({ length: 20 }, (_, n) => child(n + 1)).map((one) => {
    return one.id === refused.id ? refused : one.id === dead.id ? dead : one;
  });
  const { duo, siem, workplace, spare, add, sentOf } = await place(children);
  for (const one of children) add(one, 10);
  const program = forward(workplace, '--list', '1');
  closers.push(() => program.kill('SIGKILL'));
  const well = children.filter((one) => one !== dead);
  const sent = () =>
    well.flatMap((one) => sentOf(one, one === refused ? ['auth', 'activity'] : endpoints));
  const report = () => checkSequence({ sent: sent(), received: siem.lines(), format: 'json' });
  await until('all that can be read', () => report().lost.length === 0);
  await until('what Duo refuses', async () => (await workplace.log()).includes('duo_forbidden'));
  const [first] = children;
  if (first === undefined) throw new Error('no child');
  // One is new, one is gone; who stays notices nothing.
  duo.setChildren([...children.slice(1), spare]);
  add(spare, 5);
  await until('the new child', () => siem.lines().some((line) => line.includes(spare.id)));
  await until('the end of the old one', async () => (await workplace.log()).includes('are gone'));
  for (const one of well) add(one, 2);
  const rest = (): number => well.slice(1).flatMap((one) => sentOf(one)).length - 12;
  const arrived = () =>
    siem.lines().filter((line) => !line.includes(first.id) && !line.includes(spare.id)).length;
  await until('what came later', () => arrived() >= rest());
  expect(await program.kill('SIGTERM')).toBe(stoppedGently);
  const lines = siem.lines();
  expect(new Set(lines.map(String)).size).toBe(lines.length);
  expect(lines.filter((line) => line.includes(first.id))).toHaveLength(30);
  expect(lines.filter((line) => line.includes(dead.id))).toHaveLength(0);
  // Each child was called at its own host, under its own id.
  for (const { host, account, path } of duo.journal.filter(({ verdict }) => verdict === 'ok')) {
    if (path.startsWith('/accounts/')) expect(host).toBe('localhost');
    else expect([...children, spare].find(({ id }) => id === account)?.host).toBe(host);
  }
  const log = await workplace.log();
  expect(log).toMatch(/INFO Child accounts are read accounts=20 left_out=0 from=Duo/);
  if (hasSignals) expect(log).toMatch(/duologsync has stopped delivered=\d+/);
}, 60_000);

it('reads every child once from cron, and says by its exit code when one of them is left', async () => {
  const children = [child(1), child(2)];
  const { duo, siem, workplace, add, sentOf } = await place(children);
  for (const one of children) add(one, 10);
  const once = ['run', workplace.configFile, '--once', '--rate', '6000'];
  expect(await start(once).ended).toBe(0);
  const sent = children.flatMap((one) => sentOf(one));
  const report = checkSequence({ sent, received: siem.lines(), format: 'json' });
  expect(report).toMatchObject({ lost: [], repeated: 0 });
  const [first, second] = children;
  if (first === undefined || second === undefined) throw new Error('no children');
  duo.setChildren([first, { ...second, permissions: ['auth'] }]);
  add(first, 5);
  expect(await start(once).ended).toBe(75);
  expect(siem.lines().filter((line) => line.includes(first.id))).toHaveLength(45);
}, 60_000);
