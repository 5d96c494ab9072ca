import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { Ended } from '../metrics/ended.ts';
import { type Access, refusal } from './request.ts';
import { type Answer, type Asked, routes } from './routes.ts';

export interface WebOptions extends Access, Pick<Asked, 'look' | 'accountLabel'> {
  /** 0 takes a free one. */
  readonly port: number;
  readonly address: string;
  readonly log: Logger;
}

export interface WebServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Nobody needs more at a time: a browser, Prometheus, a probe or two. */
const mostConnections = 64;
const mostHeaderBytes = 8_192;
const slowestMs = 10_000;

/** Listens for whoever wants to see how the program is. Throws `status_port_taken`, `status_port_unusable`. */
export async function openWebServer(options: WebOptions): Promise<WebServer> {
  const { log, accountLabel } = options;
  const asked = { ...options, ended: accountLabel ? undefined : new Ended() };
  const answering = new WeakSet<Socket>();
  const server = createServer(
    {
      maxHeaderSize: mostHeaderBytes,
      requestTimeout: slowestMs,
      headersTimeout: slowestMs,
      keepAliveTimeout: slowestMs,
    },
    (request, response) => {
      // Only an attack asks on without its answer, and each one more would be held in memory.
      if (answering.has(request.socket)) return void request.socket.destroy();
      answering.add(request.socket);
      response.on('close', () => answering.delete(request.socket));
      void respond(request, response, asked).catch((error: unknown) => {
        log.warn('A question to the status port could not be answered', {
          message: messageOf(error),
        });
        response.destroy();
      });
    },
  );
  server.maxConnections = mostConnections;
  // Who reads nothing holds no answer for ever.
  server.setTimeout(2 * slowestMs);
  await listening(server, options);
  server.on('error', (error) =>
    log.warn('The status port has trouble', { message: messageOf(error) }),
  );
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: Access & Omit<Asked, 'query'>,
): Promise<void> {
  request.resume();
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  const no = refusal(request, options, route?.open ?? false);
  const answer =
    no !== undefined
      ? { ...no, type: textType, body: `${no.text}\n` }
      : ((await route?.answer({ ...options, query: new URLSearchParams(query) })) ?? missing);
  send(request, response, answer);
}

const textType = 'text/plain; charset=utf-8';
const missing: Answer = {
  status: 404,
  type: textType,
  body: `There is: ${Object.keys(routes).join(' ')}\n`,
};

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, {
    'Content-Type': answer.type,
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    ...answer.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function listening(server: Server, { port, address }: WebOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(unusable(error, port, address));
    server.once('error', failed);
    server.listen({ port, host: address, exclusive: true }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function unusable(cause: Error, port: number, address: string): ForwarderError {
  if (systemCode(cause) === 'EADDRINUSE') {
    const message = `TCP port ${port} at ${address} is taken by another program`;
    return new ForwarderError('status_port_taken', message, {
      hint: 'Stop that program, or set another dls_settings.status_port.',
      remedy: 'stop',
      cause,
    });
  }
  return new ForwarderError('status_port_unusable', `${address} port ${port}: ${cause.message}`, {
    hint: 'Set dls_settings.status_address to an address of this machine, or leave it out; a port below 1024 needs a right of its own.',
    remedy: 'stop',
    cause,
  });
}
