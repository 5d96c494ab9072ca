import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, type AppOptions, openApp } from '../src/app.ts';
import { loadConfig } from '../src/config/load.ts';
import { systemClock } from '../src/core/clock.ts';
import { checkSequence } from '../src/simulator/check-sequence.ts';
import { startDuo } from '../src/simulator/duo-server.ts';
import { makeEvents } from '../src/simulator/history.ts';
import { defaultAccount, type SimulatedChild } from '../src/simulator/options.ts';
import { startTcpReceiver } from '../src/simulator/siem.ts';
import { never, recordingLog } from './engine/parts.ts';
import { makeWorkplace, until } from './helpers/program.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function child(n: number, more: Partial<SimulatedChild> = {}): SimulatedChild {
  return { id: `DA${String(n).padStart(18, '0')}`, name: `Child ${n}`, host: 'localhost', ...more };
}

async function place(children: readonly SimulatedChild[], account: readonly string[] = []) {
  const parent = { ...defaultAccount, kind: 'accounts' } as const;
  const duo = await startDuo({ visibleDelayMs: 0, accounts: [parent], children });
  const siem = await startTcpReceiver();
  const server = { id: 'siem', protocol: 'TCP', port: siem.port, endpoints: ['auth'] } as const;
  const workplace = await makeWorkplace(duo, [server], [], ['is_msp: true', ...account]);
  closers.push(
    () => duo.close(),
    () => siem.stop(),
    () => workplace.remove(),
  );
  const state = join(workplace.folder, 'app');
  const { log, said } = recordingLog();
  const open = async (overrides: AppOptions['overrides']): Promise<App> => {
    const host = { env: {}, platform: process.platform };
    const { config, paths } = await loadConfig(workplace.configFile, host);
    if (config === undefined || paths === undefined) throw new Error('the config is wrong');
    const app = await openApp({
      config,
      paths,
      stateDirectory: state,
      clock: systemClock,
      log,
      sender: 'here',
      extraCa: undefined,
      overrides: { intervalSeconds: 1, requestsPerMinute: 6000, ...overrides },
    });
    closers.push(() => app.close());
    return app;
  };
  const events = (of: SimulatedChild, count = 3) =>
    duo.add('auth', makeEvents('auth', { count, fromMs: Date.now() - 60_000, stepMs: 10 }), of.id);
  const of = (one: SimulatedChild): number =>
    siem.lines().filter((line) => line.includes(one.id)).length;
  const told = (sentence: string) => said.filter((one) => one.sentence.includes(sentence));
  return { duo, siem, state, open, events, of, told };
}

describe("an MSP's child accounts", () => {
  it('are all read once with `once`, each event with the id of its account', async () => {
    const children = [1, 2, 3].map((n) => child(n));
    const { duo, siem, state, open, events } = await place(children);
    for (const one of children) events(one);
    expect(await (await open({ once: true })).run(never, never)).toBe(true);
    const sent = children.flatMap(({ id }) => duo.ledger('auth', id));
    const report = checkSequence({ sent, received: siem.lines(), format: 'json' });
    expect(report).toMatchObject({ lost: [], repeated: 0 });
    const ids = siem.lines().map((line) => /"child_account_id": "(\w+)"/.exec(String(line))?.[1]);
    expect(new Set(ids)).toEqual(new Set(children.map(({ id }) => id)));
    const lists = duo.journal.filter(({ path }) => path === '/accounts/v1/account/list');
    expect(lists).toMatchObject([{ method: 'POST', verdict: 'ok' }]);
    expect(await readFile(join(state, 'accounts.json'), 'utf8')).toContain('"Child 3"');
  });

  it('are left out by `block_list`, named once at the first start', async () => {
    const children = [child(1), child(2, { name: 'Test Lab' }), child(3)];
    const lines = [`block_list: ['test*', '${child(3).id}', 'Nobody']`];
    const { open, events, of, told } = await place(children, lines);
    for (const one of children) events(one);
    for (let start = 0; start < 2; start += 1) await (await open({ once: true })).run(never, never);
    expect(children.map(of)).toEqual([3, 0, 0]);
    expect(told('block_list leaves')).toMatchObject([
      { fields: { count: 2, accounts: `Test Lab (${child(2).id}), Child 3 (${child(3).id})` } },
    ]);
    expect(told('fit no account')[0]?.fields).toMatchObject({ count: 1, entries: 'Nobody' });
    expect(told('Child accounts are read')[0]?.fields).toMatchObject({ accounts: 1, left_out: 2 });
  });

  it('come and go while the others go on; one that comes back goes on where it was', async () => {
    const [first, second, third] = [child(1), child(2), child(3)];
    const { duo, open, events, of, told } = await place([first, second]);
    events(first);
    events(second);
    const app = await open({ listSeconds: 0.2 });
    const stop = new AbortController();
    const running = app.run(stop.signal, never);
    await until('both', () => of(first) === 3 && of(second) === 3);
    duo.setChildren([first, third]);
    events(third);
    await until('the new one', () => of(third) === 3);
    await until('the end of the old one', () => told('are gone').length === 1);
    await until('its feeds gone', () => app.statuses.length === 2);
    duo.setChildren([first, second, third]);
    events(second, 2);
    events(first, 2);
    await until('all', () => of(first) === 5 && of(second) === 5);
    stop.abort(new Error('enough'));
    await running;
    expect([first, second, third].map(of)).toEqual([5, 5, 3]);
    expect(app.delivered).toBe(13);
  });

  it('are listed anew when another reading of the config leaves out others', async () => {
    const [first, second] = [child(1), child(2)];
    const { events, of, open } = await place([first, second]);
    events(first);
    events(second);
    const app = await open({});
    const stop = new AbortController();
    const running = app.run(stop.signal, never);
    await until('both', () => of(first) === 3 && of(second) === 3);
    const account = (block: readonly string[]) => {
      const { config } = app;
      return { ...config, account: { ...config.account, block_list: [...block] } };
    };
    await app.reload(account(['Child 2']));
    await until('the feeds of one', () => app.statuses.length === 1);
    events(first, 2);
    events(second, 2);
    await until('its events', () => of(first) === 5);
    await app.reload(account([]));
    await until('those of the other', () => of(second) === 5);
    stop.abort(new Error('enough'));
    await running;
    expect([first, second].map(of)).toEqual([5, 5]);
  });

  it('are those of the list on disk when Duo does not list them', async () => {
    const { duo, open, events, of, told } = await place([child(1)]);
    await (await open({ once: true })).run(never, never);
    duo.setChildren([]);
    expect(await (await open({ once: true })).run(never, never)).toBe(false);
    expect(told('the last known list is used')).toMatchObject([
      { level: 'warn', fields: { code: 'accounts_empty' } },
    ]);
    expect(told('Child accounts are read')[1]?.fields).toMatchObject({ accounts: 1 });
    duo.setChildren([child(1)]);
    events(child(1));
    expect(await (await open({ once: true })).run(never, never)).toBe(true);
    expect(of(child(1))).toBe(3);
  });
});
