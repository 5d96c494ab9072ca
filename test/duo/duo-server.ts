import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { systemClock } from '../../src/core/clock.ts';
import { ForwarderError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/log.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Account } from '../../src/core/types.ts';
import type { ApiRequest, DuoApi } from '../../src/duo/api.ts';
import { createDuoClient, type DuoClientOptions } from '../../src/duo/client.ts';
import { createAuthority } from '../../src/simulator/certificates.ts';

/** Contains characters that change when URL-encoded, so that every form of it is another text. */
export const canary = 'cAnArY/secret+key=for&tests';

export const authority = createAuthority();
const leaf = authority.issue({ names: ['localhost', '127.0.0.1'] });

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface DuoServer {
  readonly port: number;
  readonly account: Account;
  readonly requests: IncomingMessage[];
  readonly connections: () => number;
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly certPem?: string;
  readonly keyPem?: string;
}

/** A real HTTPS server that answers as it is told. */
export async function serve(handler: Handler, options: ServerOptions = {}): Promise<DuoServer> {
  const { certPem: cert = leaf.certPem, keyPem: key = leaf.keyPem } = options;
  const requests: IncomingMessage[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    requests.push(request);
    handler(request, response);
  });
  const sockets = watch(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    account: { id: undefined, name: 'ours', apiHost: `localhost:${port}` },
    requests,
    connections: () => sockets.total,
    close: () => close(server, sockets.open),
  };
}

/** Counts what connects, and can end it. */
export function watch(server: Server): { total: number; readonly open: Set<Duplex> } {
  const seen = { total: 0, open: new Set<Duplex>() };
  server.on('connection', (socket: Duplex) => {
    seen.total += 1;
    seen.open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => seen.open.delete(socket));
  });
  return seen;
}

export async function close(server: Server, open: Set<Duplex>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of open) socket.destroy();
  await closed;
}

export function clientOf(options: Partial<DuoClientOptions> = {}): DuoApi {
  return createDuoClient({
    ikey: 'DIABCDEFGHIJKLMNOPQR',
    skey: new Secret(canary),
    clock: systemClock,
    log: silentLogger,
    signature: 'v5',
    userAgent: 'duologsync/test',
    ca: authority.certPem,
    deadlineMs: 5_000,
    ...options,
  });
}

export function get(account: Account, params: Readonly<Record<string, string>> = {}): ApiRequest {
  return { account, method: 'GET', path: '/admin/v2/logs/authentication', params };
}

export function answer(response: ServerResponse, status: number, body: string | object): void {
  const json = typeof body !== 'string';
  response.writeHead(status, { 'content-type': json ? 'application/json' : 'text/html' });
  response.end(json ? JSON.stringify(body) : body);
}

export const okBody = {
  stat: 'OK',
  response: { authlogs: [{ txid: 'a' }], metadata: { next_offset: null } },
};

/** The failure of a call that must fail. */
export async function failureOf(
  duo: DuoApi,
  request: ApiRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<ForwarderError> {
  const error: unknown = await duo.send(request, signal).then(
    () => 'the call succeeded',
    (reason: unknown) => reason,
  );
  if (error instanceof ForwarderError) return error;
  throw new Error('no ForwarderError', { cause: error });
}
