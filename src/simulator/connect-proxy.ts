import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What the proxy does to tunnels; may be changed while it runs. */
export interface ProxyBehaviour {
  /** pass, refuse with 502, never answer, or end the connection without an answer. */
  tunnels?: 'pass' | 'refuse' | 'stall' | 'drop';
  /** Ends a tunnel after so many bytes from the target. */
  dropAfterBytes?: number;
}

export interface ProxyOptions {
  /** Required of every CONNECT (407 otherwise). */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** Where a target leads, so that names like `api-child1.duosecurity.test` need no resolver. */
  readonly route?: (host: string, port: number) => { readonly host: string; readonly port: number };
  readonly behaviour?: ProxyBehaviour;
  readonly port?: number;
}

export interface ProxyEntry {
  readonly method: string;
  /** `host:port` as asked for; for other methods the whole target. */
  readonly target: string;
  readonly authorization: 'none' | 'right' | 'wrong';
  /** The status that was answered; 0 for none. */
  readonly status: number;
}

/** An HTTP proxy that knows CONNECT and nothing else. */
export interface ConnectProxy {
  readonly port: number;
  readonly journal: readonly ProxyEntry[];
  readonly behaviour: ProxyBehaviour;
  /** Whether a connection from that port of this machine is a tunnel of its own; a firewall lets no other out. */
  isTunnel(port: number): boolean;
  close(): Promise<void>;
}

export async function startConnectProxy(options: ProxyOptions = {}): Promise<ConnectProxy> {
  const journal: ProxyEntry[] = [];
  const behaviour: ProxyBehaviour = { ...options.behaviour };
  const sockets = new Set<Socket>();
  const tunnels = new Set<number>();
  const server = createServer((request, response) => {
    note(request, 405);
    response.writeHead(405, { Connection: 'close' }).end();
  });
  server.on('connection', (socket) => keep(socket));
  server.on('connect', (request, client) => tunnel(request, client));

  function note(request: IncomingMessage, status: number): void {
    const { method = '', url: target = '' } = request;
    journal.push({ method, target, authorization: authorization(request, options), status });
  }

  function keep(socket: Socket): void {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }

  function refuse(request: IncomingMessage, client: Duplex, status: number, text: string): void {
    note(request, status);
    client.end(`HTTP/1.1 ${status} ${text}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  }

  function tunnel(request: IncomingMessage, client: Duplex): void {
    const required = options.credentials !== undefined;
    if (required && authorization(request, options) !== 'right') {
      return refuse(
        request,
        client,
        407,
        'Proxy Authentication Required\r\nProxy-Authenticate: Basic',
      );
    }
    if (behaviour.tunnels === 'refuse') return refuse(request, client, 502, 'Bad Gateway');
    if (behaviour.tunnels === 'stall' || behaviour.tunnels === 'drop') {
      note(request, 0);
      if (behaviour.tunnels === 'drop') client.destroy();
      return;
    }
    const [, host, port] = /^\[?([^[\]]+)\]?:(\d+)$/.exec(request.url ?? '') ?? [];
    if (host === undefined) return refuse(request, client, 400, 'Bad Request');
    const target = options.route?.(host, Number(port)) ?? { host, port: Number(port) };
    const upstream = connect(target.port, target.host);
    keep(upstream);
    upstream.once('error', () => refuse(request, client, 502, 'Bad Gateway'));
    upstream.once('connect', () => {
      upstream.removeAllListeners('error').on('error', () => upstream.destroy());
      note(request, 200);
      const { localPort = 0 } = upstream;
      tunnels.add(localPort);
      upstream.once('close', () => tunnels.delete(localPort));
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      join(client, upstream, behaviour);
    });
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    journal,
    behaviour,
    isTunnel: (port) => tunnels.has(port),
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
    },
  };
}

function join(client: Duplex, upstream: Socket, behaviour: ProxyBehaviour): void {
  let bytes = 0;
  upstream.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > (behaviour.dropAfterBytes ?? Infinity)) client.destroy();
  });
  client.on('close', () => upstream.destroy());
  upstream.on('close', () => client.destroy());
  client.pipe(upstream);
  upstream.pipe(client);
}

function authorization(
  request: IncomingMessage,
  options: ProxyOptions,
): ProxyEntry['authorization'] {
  const given = request.headers['proxy-authorization'];
  if (given === undefined) return 'none';
  const { user = '', password = '' } = options.credentials ?? {};
  const right = Buffer.from(`${user}:${password}`).toString('base64');
  return given === `Basic ${right}` ? 'right' : 'wrong';
}
