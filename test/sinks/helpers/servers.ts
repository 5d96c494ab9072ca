import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A receiver for tests: `onConnection` decides how it behaves. */
export interface Receiver {
  readonly port: number;
  readonly sockets: readonly Socket[];
  close(): Promise<void>;
}

export async function listen(
  onConnection: (socket: Socket, number: number) => void,
  { port = 0, host = '127.0.0.1' } = {},
): Promise<Receiver> {
  const sockets: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
    onConnection(socket, sockets.length);
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
      await closed;
    },
  };
}

/** Reads to the client's end, keeps the lines, then closes: a collector that is well. */
export function wellBehaved(kept: string[]): (socket: Socket) => void {
  return (socket) => {
    const read = collect(socket);
    socket.on('end', () => {
      kept.push(...linesOf(read()));
      socket.end();
    });
  };
}

/** What the client has sent so far. */
export function collect(socket: Socket): () => Buffer {
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  return () => Buffer.concat(pieces);
}

/** Whole lines only. */
export function linesOf(bytes: Buffer): string[] {
  return bytes.toString('utf8').split('\n').slice(0, -1);
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const receiver = await listen(() => undefined);
  await receiver.close();
  return receiver.port;
}
