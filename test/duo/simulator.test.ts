import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import type { Account } from '../../src/core/types.ts';
import type { DuoApi } from '../../src/duo/api.ts';
import type { DuoClientOptions } from '../../src/duo/client.ts';
import { startDuo, type DuoSimulator } from '../../src/simulator/duo-server.ts';
import type { Effect } from '../../src/simulator/faults.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { defaultAccount, type DuoOptions } from '../../src/simulator/options.ts';
import { clientOf, failureOf } from './duo-server.ts';
import { startProxy } from './proxy-server.ts';

const live = new AbortController().signal;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function setUp(
  options: DuoOptions = {},
  client: Partial<DuoClientOptions> = {},
): Promise<{ simulator: DuoSimulator; duo: DuoApi; account: Account }> {
  const simulator = await startDuo(options);
  const { ikey, skey } = simulator.account;
  const duo = clientOf({
    ikey,
    skey: new Secret(skey),
    ca: simulator.certPem,
    deadlineMs: 1_000,
    ...client,
  });
  cleanups.push(
    () => simulator.close(),
    () => duo.close(),
  );
  return { simulator, duo, account: { id: undefined, name: 'ours', apiHost: simulator.hostname } };
}

const events = (count: number) => makeEvents('auth', { count, fromMs: Date.now() - 600_000 });

function logCall(account: Account, nowMs = Date.now()) {
  const params = {
    mintime: String(nowMs - 3_600_000),
    maxtime: String(nowMs - 120_000),
    limit: '1000',
    sort: 'ts:asc',
  };
  return { account, method: 'GET', path: '/admin/v2/logs/authentication', params } as const;
}

describe('a strict Duo', () => {
  it.each(['v5', 'v2'] as const)('accepts calls signed by %s', async (signature) => {
    const { simulator, duo, account } = await setUp({ oddChunks: true }, { signature });
    simulator.add('auth', events(2));
    const page = await duo.send(logCall(account), live);
    expect(page.lists.get('authlogs')).toHaveLength(2);
    expect(simulator.journal).toMatchObject([
      { verdict: 'ok', signature: signature === 'v5' ? 'v5' : 'v2-sha512' },
    ]);
  });

  it('accepts a child’s calls at the child’s host, through a proxy too', async () => {
    const parent = {
      ...defaultAccount,
      kind: 'accounts',
      host: 'api-parent.duosecurity.test',
    } as const;
    const child = {
      id: 'DACHILD0000000000001',
      name: 'Child',
      host: 'api-child1.duosecurity.test',
    };
    const proxy = await startProxy();
    cleanups.push(() => proxy.close());
    const { simulator, duo } = await setUp(
      { accounts: [parent], children: [child] },
      { proxy: { host: '127.0.0.1', port: proxy.port } },
    );
    simulator.add('auth', events(1), child.id);
    const account = { id: child.id, name: child.name, apiHost: `${child.host}:${simulator.port}` };
    const page = await duo.send(logCall(account), live);
    expect(page.lists.get('authlogs')).toHaveLength(1);
    expect(simulator.journal).toMatchObject([
      { host: child.host, account: child.id, repeated: [] },
    ]);
    const parentAccount = { id: undefined, name: '', apiHost: `${parent.host}:${simulator.port}` };
    const list = {
      account: parentAccount,
      method: 'POST',
      path: '/accounts/v1/account/list',
      params: {},
    } as const;
    expect((await duo.send(list, live)).lists.get('')).toHaveLength(1);
  });

  it('whose clock is an hour ahead is followed after one refusal', async () => {
    const { simulator, duo, account } = await setUp({ nowMs: () => Date.now() + 3_600_000 });
    await duo.send(logCall(account, Date.now() + 3_600_000), live);
    expect(simulator.journal.map(({ status }) => status)).toEqual([401, 200]);
    expect(Math.abs(duo.nowMs() - Date.now() - 3_600_000)).toBeLessThan(1_500);
  });

  it('does not know a wrong key, and a wrong secret key is told from it', async () => {
    const { duo, account } = await setUp({}, { ikey: 'DIWRONG0000000000000' });
    expect(await failureOf(duo, logCall(account))).toMatchObject({
      code: 'duo_invalid_key',
      remedy: 'park',
      scope: 'account',
    });
    const second = await setUp({}, { skey: new Secret('wrong') });
    expect(await failureOf(second.duo, logCall(second.account))).toMatchObject({
      code: 'duo_invalid_signature',
      remedy: 'park',
    });
  });

  it('refuses a log without permission, a window too old, and an unknown path, each by its own name', async () => {
    const { duo, account } = await setUp({
      accounts: [{ ...defaultAccount, permissions: ['telephony'] }],
    });
    expect((await failureOf(duo, logCall(account))).code).toBe('duo_forbidden');
    const old = await setUp();
    const error = await failureOf(old.duo, logCall(old.account, Date.now() - 200 * 86_400_000));
    expect(error.code).toBe('duo_bad_request');
    expect(error.message).toContain('mintime must be within the past 180 days');
    const call = logCall(old.account);
    const stale = { ...call, params: { ...call.params, next_offset: 'no offset' } };
    expect((await failureOf(old.duo, stale)).code).toBe('duo_bad_request');
    const unknown = { ...logCall(old.account), path: '/admin/v2/logs/nothing' };
    expect((await failureOf(old.duo, unknown)).code).toBe('duo_not_found');
  });
});

describe('a fault of Duo', () => {
  const faults: readonly (readonly [Effect, string])[] = [
    [{ kind: 'status', status: 502, body: '<html>' }, 'duo_server_error'],
    [
      { kind: 'status', status: 200, body: '<title>Portal</title>', contentType: 'text/html' },
      'duo_not_json',
    ],
    [{ kind: 'fail', code: '' }, 'duo_failed'],
    [{ kind: 'fail', code: null }, 'duo_failed'],
    [{ kind: 'tooManyRequests' }, 'duo_rate_limited'],
    [{ kind: 'tooManyRequests', html: true }, 'duo_rate_limited'],
    [{ kind: 'truncatedJson' }, 'duo_bad_json'],
    [{ kind: 'cutBeforeHeaders' }, 'duo_reset'],
    [{ kind: 'cutMidBody' }, 'duo_truncated'],
    [{ kind: 'stall' }, 'duo_timeout'],
    [{ kind: 'stall', afterBytes: 10 }, 'duo_timeout'],
    [{ kind: 'slowDrip', bytesPerSecond: 5 }, 'duo_timeout'],
    [{ kind: 'endlessBody' }, 'duo_body_too_large'],
    [{ kind: 'gzipBomb' }, 'duo_body_too_large'],
    [{ kind: 'redirect', location: 'https://elsewhere.test/' }, 'duo_redirect'],
    [{ kind: 'wrongShape', body: '{"hello":"world"}' }, 'duo_wrong_shape'],
  ];

  it.each(faults)('%j is told as %s, and the next call goes through', async (effect, code) => {
    const { simulator, duo, account } = await setUp(
      {},
      { deadlineMs: 400, maxBodyBytes: 1_000_000 },
    );
    simulator.faults.push(effect);
    expect(await failureOf(duo, logCall(account))).toMatchObject({ code, remedy: 'retry' });
    await duo.send(logCall(account), live);
  });
});
