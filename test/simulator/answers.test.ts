import { describe, expect, it } from 'vitest';
import type { DuoSimulator } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import type { SimulatedAccount, SimulatedChild } from '../../src/simulator/options.ts';
import { call } from './client.ts';
import type { Call } from './client.ts';
import { duoStarter, paths, verdict } from './harness.ts';

const start = duoStarter();
const fromMs = Date.now() - 3_600_000;
const window = { mintime: `${fromMs}`, maxtime: `${Date.now()}` };
const list: Call = { path: '/accounts/v1/account/list', method: 'POST', body: '{}' };

const parent: SimulatedAccount = { ikey: 'DIP', skey: 'k', host: 'localhost', kind: 'accounts' };
const children: readonly SimulatedChild[] = [
  { id: 'DA1', name: 'First', host: 'api-child1.duosecurity.test' },
  { id: 'DA2', name: 'First', host: 'api-child2.duosecurity.test', permissions: ['auth'] },
];

async function childCall(
  duo: DuoSimulator,
  id: string | undefined,
  host: string,
  path: string = paths.auth,
): Promise<string> {
  const params = { ...window, ...(id === undefined ? {} : { account_id: id }) };
  return verdict(await call(duo, { path, host, params }));
}

describe('an Admin API key', () => {
  it('reads only the logs it may read, the others go on', async () => {
    const account = { ikey: 'DI1', skey: 'k', host: 'localhost', kind: 'admin' } as const;
    const duo = await start({ accounts: [{ ...account, permissions: ['auth', 'adminaction'] }] });
    const ask = async (path: string): Promise<string> =>
      verdict(await call(duo, { path, params: window }));
    expect(await ask(paths.auth)).toBe('200 OK');
    expect(await ask(paths.adminaction)).toBe('200 OK');
    expect(await ask(paths.activity)).toBe('403 40301');
  });

  it('cannot list accounts', async () => {
    expect(verdict(await call(await start(), list))).toBe(
      '403 40301 Wrong integration type for this API.',
    );
  });
});

describe('an Accounts API key', () => {
  const msp = { accounts: [parent], children };

  it('lists the children that there are now', async () => {
    const duo = await start(msp);
    const reply = await call(duo, list);
    expect(reply.json.response).toEqual([
      { account_id: 'DA1', api_hostname: `${children[0]?.host}:${duo.port}`, name: 'First' },
      { account_id: 'DA2', api_hostname: `${children[1]?.host}:${duo.port}`, name: 'First' },
    ]);
    duo.setChildren([{ id: 'DA3', name: 'New', host: 'c', apiHostname: 'c.example' }]);
    expect((await call(duo, list)).json.response).toEqual([
      { account_id: 'DA3', api_hostname: 'c.example', name: 'New' },
    ]);
  });

  it('lists by POST alone and finds no other path', async () => {
    const duo = await start(msp);
    expect(verdict(await call(duo, { path: list.path }))).toBe('405 40501');
    const create = { ...list, path: '/accounts/v1/account/create' };
    expect(verdict(await call(duo, create))).toBe('404 40401');
  });

  it('reads the logs of a child at its own host under its id, each child its own', async () => {
    const duo = await start(msp);
    duo.add('auth', makeEvents('auth', { count: 3, fromMs }), 'DA1');
    duo.add('auth', makeEvents('auth', { count: 1, fromMs, letter: 'b' }), 'DA2');
    expect(await childCall(duo, 'DA1', 'api-child1.duosecurity.test')).toBe('200 OK');
    expect(await childCall(duo, 'DA2', 'api-child2.duosecurity.test')).toBe('200 OK');
    expect(duo.journal.map(({ account, rows }) => [account, rows])).toEqual([
      ['DA1', 3],
      ['DA2', 1],
    ]);
  });

  it('is refused without an id, with an unknown one, and where a child forbids it', async () => {
    const duo = await start(msp);
    const host = 'api-child2.duosecurity.test';
    expect(await childCall(duo, undefined, host)).toMatch(/^403 40301 Wrong integration type/);
    expect(await childCall(duo, 'DA9', host)).toBe('403 40301');
    expect(await childCall(duo, 'DA2', host, paths.activity)).toBe('403 40301');
  });

  it('is refused a child at the parent host', async () => {
    const duo = await start(msp);
    expect(await childCall(duo, 'DA1', 'localhost')).toMatch(/^400 40000 Cross-deployment/);
  });

  it('has a budget of calls for each child and log', async () => {
    const duo = await start({ ...msp, rateLimit: { perMinute: 1, rejectedCallsCount: false } });
    const [first, second] = ['api-child1.duosecurity.test', 'api-child2.duosecurity.test'];
    expect(await childCall(duo, 'DA1', `${first}`)).toBe('200 OK');
    expect(await childCall(duo, 'DA1', `${first}`)).toBe('429 42901');
    expect(await childCall(duo, 'DA1', `${first}`, paths.activity)).toBe('200 OK');
    expect(await childCall(duo, 'DA2', `${second}`)).toBe('200 OK');
  });
});
