import { inspect } from 'node:util';
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Logger } from '../../src/core/log.ts';
import { Secret } from '../../src/core/secret.ts';
import { answer, canary, clientOf, failureOf, get, serve, type Handler } from './duo-server.ts';
import { startProxy, type ProxyBehaviour } from './proxy-server.ts';

const password = 'pROxy+canary/pass=word';
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Everything that a careless logger could print of an error. */
function printed(error: unknown): string {
  return `${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error)} ${String(error)}`;
}

function formsOf(secret: string): string[] {
  const base64 = Buffer.from(secret).toString('base64');
  return [secret, encodeURIComponent(secret), base64, encodeURIComponent(base64)];
}

function recorder(): { lines: unknown[]; log: Logger } {
  const lines: unknown[] = [];
  const note = (...parts: unknown[]): void => void lines.push(parts);
  return { lines, log: { debug: note, info: note, warn: note, error: note } };
}

const everything = (request: IncomingMessage): string =>
  [...formsOf(canary), ...formsOf(password), request.headers.authorization].join(' ');

/** Servers that send back whatever they could know, in every place that we quote. */
const echoes: readonly (readonly [string, Handler])[] = [
  [
    'Duo’s message',
    (request, response) =>
      answer(response, 400, { stat: 'FAIL', code: 40002, message: everything(request) }),
  ],
  [
    'its detail',
    (request, response) =>
      answer(response, 403, { stat: 'FAIL', message: 'no', message_detail: everything(request) }),
  ],
  ['its stat', (request, response) => answer(response, 200, { stat: everything(request) })],
  [
    'a page’s title',
    (request, response) => answer(response, 200, `<title>${everything(request)}</title>`),
  ],
  ['plain text', (_, response) => answer(response, 200, `${canary} ${password}`)],
  [
    'a redirect',
    (_, response) =>
      response.writeHead(302, { location: `/${canary}/${encodeURIComponent(password)}` }).end(),
  ],
  ['an encoding', (_, response) => response.writeHead(200, { 'content-encoding': canary }).end()],
  [
    'a wrong clock',
    (_, response) => {
      response.setHeader('date', 'Mon, 01 Jan 2001 00:00:00 GMT');
      answer(response, 401, { stat: 'FAIL', code: 40105, message: canary });
    },
  ],
  ['no answer', (_, response) => response.destroy()],
];

describe('the keys', () => {
  it.each(echoes)(
    'are in no error and no log, though the server echoes them in %s',
    async (_, handler) => {
      const server = await serve(handler);
      const proxy = await startProxy();
      const { lines, log } = recorder();
      const login = { user: 'user', password: new Secret(password) };
      const duo = clientOf({ log, proxy: { host: '127.0.0.1', port: proxy.port, ...login } });
      cleanups.push(
        () => server.close(),
        () => proxy.close(),
        () => duo.close(),
      );
      const error = await failureOf(duo, get(server.account));
      const text = `${printed(error)} ${printed(lines)} ${printed(duo)}`;
      for (const form of [...formsOf(canary), ...formsOf(password)])
        expect(text).not.toContain(form);
      const credentials = Buffer.from(`user:${password}`).toString('base64');
      expect(text).not.toContain(credentials);
    },
  );

  it('are not in the error of a proxy that echoes its login', async () => {
    const echo: ProxyBehaviour = (request, client) =>
      client.end(`HTTP/1.1 502 ${request.headers['proxy-authorization']} ${password}\r\n\r\n`);
    const proxy = await startProxy(echo);
    const login = { user: 'user', password: new Secret(password) };
    const duo = clientOf({ proxy: { host: '127.0.0.1', port: proxy.port, ...login } });
    cleanups.push(
      () => proxy.close(),
      () => duo.close(),
    );
    const error = await failureOf(duo, get({ id: undefined, name: '', apiHost: 'api.test' }));
    expect(error.code).toBe('proxy_error');
    expect(printed(error)).toContain('***');
    const credentials = Buffer.from(`user:${password}`).toString('base64');
    for (const form of [...formsOf(password), credentials])
      expect(printed(error)).not.toContain(form);
  });
});
