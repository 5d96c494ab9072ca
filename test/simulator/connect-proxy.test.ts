import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { startConnectProxy } from '../../src/simulator/connect-proxy.ts';
import type { ConnectProxy, ProxyOptions } from '../../src/simulator/connect-proxy.ts';
import { call } from './client.ts';
import { duoStarter, sleep, until } from './harness.ts';

const startDuo = duoStarter();
const open: ConnectProxy[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((proxy) => proxy.close()));
});

async function start(options: ProxyOptions = {}): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(options);
  open.push(proxy);
  return proxy;
}

interface Tunnel {
  readonly status: number | 'ended';
  readonly headers: IncomingMessage['headers'];
  readonly socket?: Socket;
}

/** Asks for a tunnel to `target`. */
function ask(proxy: ConnectProxy, target: string, login?: string): Promise<Tunnel> {
  return new Promise((resolve) => {
    const credentials = Buffer.from(login ?? '').toString('base64');
    const outgoing = request({
      host: '127.0.0.1',
      port: proxy.port,
      method: 'CONNECT',
      path: target,
      agent: false,
      headers: login === undefined ? {} : { 'Proxy-Authorization': `Basic ${credentials}` },
    });
    outgoing.on('connect', (incoming, socket) => {
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, socket });
    });
    outgoing.on('error', () => resolve({ status: 'ended', headers: {} }));
    outgoing.end();
  });
}

describe('the proxy', () => {
  it('is the only way to a Duo behind a firewall', async () => {
    const proxy = await start();
    const duo = await startDuo({ admits: (port) => proxy.isTunnel(port) });
    await expect(call(duo, { path: '/' })).rejects.toThrow();
    const { socket } = await ask(proxy, `127.0.0.1:${duo.port}`);
    const tls = connectTls({ socket, servername: 'localhost', ca: duo.certPem });
    tls.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const piece of tls) text += String(piece);
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
    expect(duo.journal).toHaveLength(1);
  });

  it('leads to a simulated Duo under a name that no resolver knows', async () => {
    const account = {
      ikey: 'DI1',
      skey: 'k',
      host: 'api-1.duosecurity.test',
      kind: 'admin',
    } as const;
    const duo = await startDuo({ accounts: [account] });
    const proxy = await start({ route: () => ({ host: '127.0.0.1', port: duo.port }) });
    const { status, socket } = await ask(proxy, 'api-1.duosecurity.test:443');
    expect(status).toBe(200);
    const tls = connectTls({ socket: socket, servername: account.host, ca: duo.certPem });
    await new Promise((resolve, reject) =>
      tls.once('secureConnect', resolve).once('error', reject),
    );
    tls.write(`GET / HTTP/1.1\r\nHost: ${account.host}\r\n\r\n`);
    const [answer] = await new Promise<Buffer[]>((resolve) => {
      tls.once('data', (bytes: Buffer) => resolve([bytes]));
    });
    expect(String(answer)).toMatch(/^HTTP\/1.1 401 /);
    expect(proxy.journal).toEqual([
      {
        method: 'CONNECT',
        target: 'api-1.duosecurity.test:443',
        authorization: 'none',
        status: 200,
      },
    ]);
    tls.destroy();
  });

  it('wants its login, and notes no password', async () => {
    const duo = await startDuo();
    const proxy = await start({ credentials: { user: 'u', password: 'p:ä' } });
    const target = `127.0.0.1:${duo.port}`;
    const refused = await ask(proxy, target);
    expect([refused.status, refused.headers['proxy-authenticate']]).toEqual([407, 'Basic']);
    expect((await ask(proxy, target, 'u:wrong')).status).toBe(407);
    const passed = await ask(proxy, target, 'u:p:ä');
    expect(passed.status).toBe(200);
    passed.socket?.destroy();
    expect(proxy.journal.map((entry) => [entry.authorization, entry.status])).toEqual([
      ['none', 407],
      ['wrong', 407],
      ['right', 200],
    ]);
    expect(JSON.stringify(proxy.journal)).not.toContain('p:');
  });

  it('refuses everything but CONNECT', async () => {
    const proxy = await start();
    const status = await new Promise((resolve) => {
      const options = { host: '127.0.0.1', port: proxy.port, path: 'http://duo.example/admin' };
      request(options, (incoming) => resolve(incoming.resume().statusCode)).end();
    });
    expect(status).toBe(405);
    expect(proxy.journal[0]).toMatchObject({ method: 'GET', target: 'http://duo.example/admin' });
  });

  it('can refuse, drop or stall tunnels, and says 502 where nobody listens', async () => {
    const proxy = await start({ behaviour: { tunnels: 'refuse' } });
    expect((await ask(proxy, 'a.example:443')).status).toBe(502);
    proxy.behaviour.tunnels = 'drop';
    expect((await ask(proxy, 'a.example:443')).status).toBe('ended');
    proxy.behaviour.tunnels = 'stall';
    const stalled = ask(proxy, 'a.example:443').then(() => 'answered');
    expect(await Promise.race([stalled, sleep(50).then(() => 'silence')])).toBe('silence');
    proxy.behaviour.tunnels = 'pass';
    const duo = await startDuo();
    await duo.close();
    expect((await ask(proxy, `127.0.0.1:${duo.port}`)).status).toBe(502);
    expect((await ask(proxy, 'no-port')).status).toBe(400);
    expect(proxy.journal.map((entry) => entry.status)).toEqual([502, 0, 0, 502, 400]);
  });

  it('can end a tunnel after so many bytes', async () => {
    const duo = await startDuo();
    const proxy = await start({ behaviour: { dropAfterBytes: 100 } });
    const { socket } = await ask(proxy, `127.0.0.1:${duo.port}`);
    const tls = connectTls({ socket: socket, servername: 'localhost', ca: duo.certPem });
    let ended = false;
    tls.on('error', () => undefined).on('close', () => (ended = true));
    await until(() => ended);
    expect(ended).toBe(true);
  });
});
