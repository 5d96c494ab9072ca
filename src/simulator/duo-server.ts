import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { answer } from './answers.ts';
import { claimedAccount, requestPairs } from './authentication.ts';
import { type Authority, createAuthority, type LeafRequest } from './certificates.ts';
import { endpointAt } from './endpoints.ts';
import type { EndpointName } from './endpoints.ts';
import { createFaults } from './faults.ts';
import type { Faults } from './faults.ts';
import { specOf } from './history.ts';
import type { JournalEntry } from './journal.ts';
import type { DuoOptions, SimulatedAccount, SimulatedChild } from './options.ts';
import type { EventSpec, LedgerRow } from './store.ts';
import { send } from './wire.ts';
import { createWorld } from './world.ts';
import type { DuoRequest, World } from './world.ts';

/** A Duo on this machine: HTTPS at 127.0.0.1, as strict as the real one. */
export interface DuoSimulator {
  readonly port: number;
  /** The first account, and its host with the port, as a config file would say it. */
  readonly account: SimulatedAccount;
  readonly hostname: string;
  /** The certificate to trust. */
  readonly certPem: string;
  readonly faults: Faults;
  /** Every request, oldest first. */
  readonly journal: readonly JournalEntry[];
  /** Adds rows: made ones, or the JSON text of one. For the first account unless `account` (ikey or child's id). */
  add(endpoint: EndpointName, rows: readonly (EventSpec | string)[], account?: string): void;
  /** All rows ever added, in the order of time. */
  ledger(endpoint: EndpointName, account?: string): LedgerRow[];
  setChildren(children: readonly SimulatedChild[]): void;
  /** Another key, another secret, other permissions or networks, or none of it, from the next request on. */
  setAccounts(accounts: readonly SimulatedAccount[]): void;
  /** An outage: ends every connection at once and stops listening, until `start`, on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Shows another certificate from the next connection on, and ends those that are open. */
  certify(certificate: Partial<LeafRequest>, authority?: Authority): void;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

/** Starts a simulated Duo; resolves once it listens. */
export async function startDuo(options: DuoOptions = {}): Promise<DuoSimulator> {
  const world = createWorld(options);
  const faults = createFaults();
  const journal: JournalEntry[] = [];
  const lastBody = new Map<string, string>();
  const authority = options.authority ?? createAuthority();
  const hosts = [...world.accounts, ...world.children].map(({ host }) => host.toLowerCase());
  const names = [...new Set([...hosts, 'localhost', '127.0.0.1'])];
  const credentials = (certificate: Partial<LeafRequest> = {}, by = authority) => {
    const { certPem: cert, keyPem: key } = by.issue({ names, ...certificate });
    return { cert, key, minVersion: 'TLSv1.2' } as const;
  };
  const server = createServer(credentials(options.certificate));
  const sockets = new Set<Socket>();
  let requests = 0;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  // Not before the handshake: only then does a proxy in this process know the port of its tunnel.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (options.admits?.(socket.remotePort ?? 0) === false) socket.destroy();
  });
  server.on('request', (message, response) => {
    void serve(message, response);
  });
  const listen = (at: number): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, '127.0.0.1', resolve);
    });
  await listen(options.port ?? 0);
  const { port } = server.address() as AddressInfo;

  function stop(): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => response.destroy());
    const request = await readRequest(message).catch(() => undefined);
    if (request === undefined) return void response.destroy();
    const endpoint = endpointAt(request.path);
    const effect = faults.next(endpoint, claimedAccount(request));
    const number = (requests += 1);
    const given = answer(request, world, port, effect, number);
    const place = `${given.account}\n${endpoint}`;
    const body =
      effect?.kind === 'duplicatePage' ? (lastBody.get(place) ?? given.body) : given.body;
    if (given.status === 200) lastBody.set(place, body);
    if (options.latencyMs !== undefined) await pause(options.latencyMs);
    const status = send(response, {
      status: given.status,
      body,
      date: new Date(world.nowMs()).toUTCString(),
      oddChunks: world.switches.oddChunks,
      gzip: world.switches.gzip && /\bgzip\b/.test(String(request.headers['accept-encoding'])),
      effect,
    });
    journal.push({
      ...describe(request, world),
      number,
      endpoint,
      ikey: given.caller?.account.ikey,
      account: given.account,
      signature: given.caller?.version,
      status,
      verdict: given.verdict,
      rows: given.rows,
      fault: effect?.kind,
    });
  }

  const account = world.accounts[0];
  if (account === undefined) throw new Error('A simulated Duo needs an account.');
  return {
    port,
    account,
    hostname: `${account.host}:${port}`,
    certPem: authority.certPem,
    faults,
    journal,
    add(endpoint, rows, key = account.ikey) {
      const specs = rows.map((row) => (typeof row === 'string' ? specOf(endpoint, row) : row));
      world.store(key, endpoint).add(specs);
    },
    ledger: (endpoint, key = account.ikey) => world.store(key, endpoint).ledger(),
    setChildren: (children) => world.setChildren(children),
    setAccounts: (accounts) => world.setAccounts(accounts),
    stop,
    start: () => listen(port),
    certify(certificate, by) {
      server.setSecureContext(credentials(certificate, by));
      for (const socket of sockets) socket.destroy();
    },
    close: stop,
  };
}

async function readRequest(message: IncomingMessage): Promise<DuoRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const [path = '', query = ''] = splitOnce(message.url ?? '', '?');
  const { socket } = message;
  const serverName = socket instanceof TLSSocket ? (socket.servername as unknown) : undefined;
  return {
    method: message.method ?? '',
    host: (message.headers.host ?? '').toLowerCase().replace(/:\d+$/, ''),
    serverName: typeof serverName === 'string' && serverName !== '' ? serverName : undefined,
    path,
    query,
    headers: message.headers,
    body: Buffer.concat(chunks),
    clientAddress: socket.remoteAddress ?? '',
  };
}

function describe(request: DuoRequest, world: World) {
  let pairs: ReturnType<typeof requestPairs> = [];
  try {
    pairs = requestPairs(request);
  } catch {
    // Broken escapes were refused; the entry says so in its verdict.
  }
  const names = pairs.map(([name]) => name);
  return {
    timeMs: world.nowMs(),
    method: request.method,
    host: request.host,
    path: request.path,
    params: Object.fromEntries(pairs),
    repeated: names.filter((name, index) => names.indexOf(name) !== index),
    date: request.headers.date ?? request.headers['x-duo-date']?.toString(),
    userAgent: request.headers['user-agent'],
    bodyLength: request.body.length,
  };
}

function splitOnce(text: string, mark: string): string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
