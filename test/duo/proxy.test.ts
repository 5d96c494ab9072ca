import { createServer as createTcp } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import type { DuoApi } from '../../src/duo/api.ts';
import { proxyName, usesProxy, type ProxyOptions } from '../../src/duo/proxy.ts';
import {
  answer,
  clientOf,
  close,
  failureOf,
  get,
  okBody,
  serve,
  watch,
  type DuoServer,
} from './duo-server.ts';
import {
  answering,
  startProxy,
  withLogin,
  type ProxyBehaviour,
  type ProxyServer,
} from './proxy-server.ts';

const live = new AbortController().signal;
const password = 'pröxy:secret/+=&';
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function setUp(
  behave?: ProxyBehaviour,
  extra: Partial<ProxyOptions> = {},
): Promise<{ server: DuoServer; proxy: ProxyServer; duo: DuoApi }> {
  const server = await serve((_, response) => answer(response, 200, okBody));
  const proxy = await startProxy(behave);
  const duo = clientOf({ proxy: { host: '127.0.0.1', port: proxy.port, ...extra } });
  cleanups.push(
    () => server.close(),
    () => proxy.close(),
    () => duo.close(),
  );
  return { server, proxy, duo };
}

describe('a proxy', () => {
  it('is asked for a tunnel to Duo and sees nothing else, not even a login', async () => {
    const { server, proxy, duo } = await setUp();
    await duo.send(get(server.account), live);
    await duo.send(get(server.account), live);
    expect(server.requests).toHaveLength(2);
    expect(server.requests[0]?.headers.host).toBe(server.account.apiHost);
    expect(proxy.requests.map(({ method, url }) => [method, url])).toEqual([
      ['CONNECT', server.account.apiHost],
    ]);
    expect(Object.keys(proxy.requests[0]?.headers ?? {}).sort()).toEqual(['connection', 'host']);
  });

  it('gets the login where one is configured', async () => {
    const login = { user: 'us:er', password: new Secret(password) };
    const { server, duo } = await setUp(withLogin('us:er', password), login);
    await duo.send(get(server.account), live);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  it('that refuses the login is told as proxy_login, tried again a minute later, without the password', async () => {
    const login = { user: 'user', password: new Secret('wrong-one') };
    const { server, proxy, duo } = await setUp(withLogin('user', password), login);
    const error = await failureOf(duo, get(server.account));
    expect(error).toMatchObject({
      code: 'proxy_login',
      remedy: 'retry',
      scope: 'account',
      retryAfterMs: 60_000,
      message: `The proxy 127.0.0.1:${proxy.port} answered 407 Login needed: it refused the login`,
    });
    expect(server.requests).toEqual([]);
  });

  it('that wants a login where none is configured is told as proxy_login', async () => {
    const { server, duo } = await setUp(withLogin('user', password));
    const error = await failureOf(duo, get(server.account));
    expect(error.code).toBe('proxy_login');
    expect(error.message).toContain('it wants a login');
  });

  it.each([
    [403, 'Forbidden', 'proxy_denied'],
    [502, 'Bad Gateway', 'proxy_error'],
    [503, '', 'proxy_error'],
    [200.5, 'odd', 'proxy_error'],
  ])('that answers %d %s is told as %s', async (status, reason, code) => {
    const { server, duo } = await setUp(answering(status, reason));
    expect(await failureOf(duo, get(server.account))).toMatchObject({ code, remedy: 'retry' });
  });

  it('that hangs up is told as proxy_error', async () => {
    const { server, duo } = await setUp((_, client) => client.destroy());
    expect((await failureOf(duo, get(server.account))).code).toBe('proxy_error');
  });

  it('that says nothing is told as proxy_timeout, apart from Duo', async () => {
    const silent = createTcp();
    const { open } = watch(silent);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanups.push(() => close(silent, open));
    const { port } = silent.address() as AddressInfo;
    const duo = clientOf({ proxy: { host: '127.0.0.1', port }, connectMs: 150 });
    cleanups.push(() => duo.close());
    const error = await failureOf(duo, get({ id: undefined, name: '', apiHost: 'api.test' }));
    expect(error.code).toBe('proxy_timeout');
    expect(error.message).toBe(`The proxy 127.0.0.1:${port} opened no tunnel in 0.15 s`);
  });

  it('that is down is told as proxy_refused, and not as Duo being down', async () => {
    const { server, proxy, duo } = await setUp();
    await proxy.close();
    const error = await failureOf(duo, get(server.account));
    expect(error).toMatchObject({ code: 'proxy_refused', remedy: 'retry', scope: 'account' });
    expect(error.message).toBe(`The proxy 127.0.0.1:${proxy.port} cannot be used (ECONNREFUSED)`);
    cleanups.splice(1, 1);
  });

  it('without an address is told as proxy_dns', async () => {
    const duo = clientOf({ proxy: { host: 'proxy-nowhere.invalid', port: 3128 } });
    cleanups.push(() => duo.close());
    const error = await failureOf(duo, get({ id: undefined, name: '', apiHost: 'api.test' }));
    expect(error.code).toBe('proxy_dns');
  });

  it('that lets a certificate of its own through is told by the certificate, naming the way', async () => {
    const server = await serve((_, response) => answer(response, 200, okBody));
    const proxy = await startProxy();
    const duo = clientOf({ proxy: { host: '127.0.0.1', port: proxy.port } });
    cleanups.push(
      () => server.close(),
      () => proxy.close(),
      () => duo.close(),
    );
    const apiHost = `api-other.test:${server.port}`;
    const error = await failureOf(duo, get({ id: undefined, name: '', apiHost }));
    expect(error.code).toBe('duo_tls_name');
    expect(error.message).toContain(`${apiHost} through the proxy 127.0.0.1:${proxy.port}`);
  });

  it('is passed by for the hosts that are named so', async () => {
    const { server, proxy, duo } = await setUp(undefined, { noProxy: ['localhost'] });
    await duo.send(get(server.account), live);
    expect(proxy.requests).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });
});

describe('no_proxy', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['*', 'api-1.duosecurity.com', true],
    ['api-1.duosecurity.com', 'api-1.duosecurity.com', true],
    ['API-1.DuoSecurity.com', 'api-1.duosecurity.com', true],
    ['duosecurity.com', 'api-1.duosecurity.com', true],
    ['.duosecurity.com', 'api-1.duosecurity.com', true],
    ['*.duosecurity.com', 'api-1.duosecurity.com', true],
    [' .duosecurity.com ', 'api-1.duosecurity.com', true],
    ['.duosecurity.com', 'duosecurity.com', false],
    ['security.com', 'api-1.duosecurity.com', false],
    ['api-1.duosecurity.com:443', 'api-1.duosecurity.com', true],
    ['api-1.duosecurity.com:8443', 'api-1.duosecurity.com', false],
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1:443', '10.0.0.1', true],
    ['0.0.1', '10.0.0.1', false],
    ['::1', '[::1]', true],
    ['[::1]:443', '::1', true],
    ['[::1]:444', '::1', false],
    ['', 'api-1.duosecurity.com', false],
    [':443', 'api-1.duosecurity.com', false],
  ];

  it.each(cases)('"%s" for %s passes the proxy by: %s', (entry, hostname, direct) => {
    const proxy = { host: 'proxy.test', port: 3128, noProxy: ['elsewhere.test', entry] };
    expect(usesProxy(proxy, hostname, 443)).toBe(!direct);
  });

  it('may be missing', () => {
    expect(usesProxy({ host: 'proxy.test', port: 3128 }, 'api.test', 443)).toBe(true);
  });
});

describe('the name of a proxy', () => {
  it('never holds its login', () => {
    const login = { user: 'user', password: new Secret(password) };
    expect(proxyName({ host: '::1', port: 3128, ...login })).toBe('[::1]:3128');
  });
});
