import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { close, watch } from './duo-server.ts';

export interface ProxyServer {
  readonly port: number;
  /** The CONNECT requests, and whatever else came. */
  readonly requests: IncomingMessage[];
  close(): Promise<void>;
}

export type ProxyBehaviour = (request: IncomingMessage, client: Duplex) => void;

/** A real proxy; without a behaviour it lets everybody through, whatever the host's name, to 127.0.0.1. */
export async function startProxy(behave: ProxyBehaviour = passThrough): Promise<ProxyServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.writeHead(405).end();
  });
  server.on('connect', (request: IncomingMessage, client: Duplex) => {
    requests.push(request);
    client.on('error', () => undefined);
    behave(request, client);
  });
  const { open } = watch(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, requests, close: () => close(server, open) };
}

export function passThrough(request: IncomingMessage, client: Duplex): void {
  const port = Number(/:(\d+)$/.exec(request.url ?? '')?.[1]);
  const upstream: Socket = connect(port, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    client.pipe(upstream).pipe(client);
  });
  upstream.on('error', () => client.destroy());
  client.on('close', () => upstream.destroy());
}

export function answering(status: number, reason: string, headers = ''): ProxyBehaviour {
  return (_, client) =>
    client.end(`HTTP/1.1 ${status} ${reason}\r\n${headers}Content-Length: 0\r\n\r\n`);
}

/** Lets in who sends these credentials. */
export function withLogin(user: string, password: string): ProxyBehaviour {
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const refuse = answering(407, 'Login needed', 'Proxy-Authenticate: Basic realm="proxy"\r\n');
  return (request, client) => {
    const behave = request.headers['proxy-authorization'] === expected ? passThrough : refuse;
    behave(request, client);
  };
}
