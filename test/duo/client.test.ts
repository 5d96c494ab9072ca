import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import type { DuoApi } from '../../src/duo/api.ts';
import { authorization, canonicalParams } from '../../src/duo/sign.ts';
import {
  answer,
  canary,
  clientOf,
  failureOf,
  get,
  okBody,
  serve,
  type DuoServer,
  type Handler,
} from './duo-server.ts';
import { startProxy } from './proxy-server.ts';

const live = new AbortController().signal;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function pair(
  handler: Handler,
  options: Parameters<typeof clientOf>[0] = {},
): Promise<{ server: DuoServer; duo: DuoApi }> {
  const server = await serve(handler);
  const duo = clientOf(options);
  cleanups.push(
    () => server.close(),
    () => duo.close(),
  );
  return { server, duo };
}

const welcome: Handler = (_, response) => answer(response, 200, okBody);

describe('a call to Duo', () => {
  it('brings back the rows and the metadata', async () => {
    const { server, duo } = await pair(welcome);
    const page = await duo.send(get(server.account), live);
    expect([...page.lists.keys()]).toEqual(['authlogs']);
    expect(page.metadata).toEqual({ next_offset: null });
    expect(page.size).toBe(JSON.stringify(okBody).length);
  });

  it('sends exactly the query that it signs, for the host without its port, and nothing more', async () => {
    const { server, duo } = await pair(welcome);
    const params = { next_offset: '1716540000123,5bea1c1e', mintime: '1', odd: "a b+c~!'()*/é" };
    await duo.send(get(server.account, params), live);
    const { url = '', headers } = server.requests[0] ?? {};
    const query = canonicalParams(Object.entries(params));
    expect(url).toBe(`/admin/v2/logs/authentication?${query}`);
    expect(headers?.authorization).toBe(
      authorization('v5', 'DIABCDEFGHIJKLMNOPQR', new Secret(canary), {
        date: headers?.date ?? '',
        method: 'GET',
        host: 'localhost',
        path: '/admin/v2/logs/authentication',
        params: query,
        body: '',
        duoHeaders: {},
      }),
    );
    expect(headers?.['user-agent']).toBe('duologsync/test');
    expect(Object.keys(headers ?? {}).sort()).toEqual([
      'accept',
      'authorization',
      'connection',
      'date',
      'host',
      'user-agent',
    ]);
  });

  it('has no question mark without parameters', async () => {
    const { server, duo } = await pair(welcome);
    await duo.send(get(server.account), live);
    expect(server.requests[0]?.url).toBe('/admin/v2/logs/authentication');
  });

  it('reuses its connection for the next one', async () => {
    const { server, duo } = await pair(welcome);
    for (let i = 0; i < 5; i += 1) await duo.send(get(server.account), live);
    expect(server.connections()).toBe(1);
  });

  it('reuses its connection also after a refusal', async () => {
    const { server, duo } = await pair((_, response) => answer(response, 500, { stat: 'FAIL' }));
    for (let i = 0; i < 3; i += 1) await failureOf(duo, get(server.account));
    expect(server.connections()).toBe(1);
  });

  it('closes an idle connection soon, however long the server would keep it', async () => {
    const { server, duo } = await pair(
      (_, response) => {
        response.setHeader('keep-alive', 'timeout=3600');
        welcome(_, response);
      },
      { idleMs: 50 },
    );
    await duo.send(get(server.account), live);
    const socket = server.requests[0]?.socket;
    if (socket !== undefined && !socket.destroyed) await once(socket, 'close');
    expect(socket?.destroyed).toBe(true);
  });

  it('keeps to the connections that the host may have, in the order of asking', async () => {
    let open = 0;
    let most = 0;
    const { server, duo } = await pair(
      (_, response) => {
        most = Math.max(most, (open += 1));
        setTimeout(() => {
          open -= 1;
          answer(response, 200, okBody);
        }, 20);
      },
      { connectionsFor: () => 2 },
    );
    const names = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(names.map((name) => duo.send(get(server.account, { name }), live)));
    expect(most).toBe(2);
    expect(server.connections()).toBe(2);
    expect(server.requests.map(({ url }) => url?.slice(-1))).toEqual(names);
  });

  it('unpacks an answer that came compressed unasked', async () => {
    const { server, duo } = await pair((_, response) => {
      response.writeHead(200, { 'content-encoding': 'GZIP' }).end(gzipSync(JSON.stringify(okBody)));
    });
    const page = await duo.send(get(server.account), live);
    expect(page.lists.get('authlogs')).toHaveLength(1);
  });
});

describe('the deadline', () => {
  it('is for the whole call: a server that drips for ever is given up', async () => {
    const { server, duo } = await pair(
      (_, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
      },
      { deadlineMs: 200 },
    );
    const error = await failureOf(duo, get(server.account));
    expect(error).toMatchObject({ code: 'duo_timeout', remedy: 'retry' });
    expect(error.message).toBe(`${server.account.apiHost} gave no whole answer in 0.2 s`);
  });

  it('does not run while the call waits for its turn', async () => {
    const { server, duo } = await pair(
      (_, response) => {
        setTimeout(() => answer(response, 200, okBody), 150);
      },
      { deadlineMs: 400, connectionsFor: () => 1 },
    );
    const calls = [1, 2, 3, 4, 5].map(() => duo.send(get(server.account), live));
    expect(await Promise.all(calls)).toHaveLength(5);
  });
});

describe('a body without end', () => {
  it('is dropped at the limit', async () => {
    const { server, duo } = await pair(
      (_, response) => {
        response.writeHead(200);
        const flood = (): void => {
          while (response.write(Buffer.alloc(65_536, ' ')));
          response.once('drain', flood);
        };
        flood();
      },
      { maxBodyBytes: 1_000_000 },
    );
    const error = await failureOf(duo, get(server.account));
    expect(error).toMatchObject({ code: 'duo_body_too_large', remedy: 'retry' });
  });

  it('is dropped at the limit when it was packed small', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
    expect(bomb.length).toBeLessThan(100_000);
    const { server, duo } = await pair(
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
      { maxBodyBytes: 1_000_000 },
    );
    expect((await failureOf(duo, get(server.account))).code).toBe('duo_body_too_large');
  });
});

describe('an abort', () => {
  const reason = new Error('stopped');

  it('ends a call under way at once, with its reason', async () => {
    const { server, duo } = await pair(() => undefined);
    const stop = new AbortController();
    const call = duo.send(get(server.account), stop.signal);
    while (server.requests.length === 0) await delay(5);
    stop.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  it('ends a call that waits for its turn, and the others go on', async () => {
    let release = (): void => undefined;
    const { server, duo } = await pair(
      (_, response) => {
        release = () => answer(response, 200, okBody);
      },
      { connectionsFor: () => 1 },
    );
    const first = duo.send(get(server.account), live);
    const stop = new AbortController();
    const second = duo.send(get(server.account), stop.signal);
    stop.abort(reason);
    await expect(second).rejects.toBe(reason);
    while (server.requests.length === 0) await delay(5);
    release();
    await first;
    expect(server.requests).toHaveLength(1);
  });

  it('ends a call that is still connecting', async () => {
    const proxy = await startProxy(() => undefined);
    cleanups.push(() => proxy.close());
    const duo = clientOf({ proxy: { host: '127.0.0.1', port: proxy.port } });
    cleanups.push(() => duo.close());
    const stop = new AbortController();
    setTimeout(() => stop.abort(reason), 50);
    const call = duo.send(get({ id: undefined, name: '', apiHost: 'api.test' }), stop.signal);
    await expect(call).rejects.toBe(reason);
  });

  it('that came before ends the call before it is sent', async () => {
    const { server, duo } = await pair(welcome);
    await expect(duo.send(get(server.account), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(server.requests).toEqual([]);
  });
});

describe('closing', () => {
  it('ends what is under way and what waits, and leaves no connection', async () => {
    const { server, duo } = await pair(() => undefined, { connectionsFor: () => 1 });
    const calls = [1, 2].map(() => failureOf(duo, get(server.account)));
    while (server.requests.length === 0) await delay(5);
    await duo.close();
    for (const error of await Promise.all(calls)) expect(error.remedy).toBe('retry');
    const socket = server.requests[0]?.socket;
    if (socket !== undefined && !socket.destroyed) await once(socket, 'close');
    expect(server.requests).toHaveLength(1);
  });
});
