import { createServer, type Server, type Socket } from 'node:net';
import type { JsonObject } from '../core/types.ts';

export interface ControlServer {
  /** Ends open connections and resolves when nothing is left of it. */
  close(): Promise<void>;
}

export type ConnectionHandler = (socket: Socket) => void;

/** Listens at a Unix socket or a named pipe. Rejects with the system's error (EADDRINUSE, …). */
export function listen(path: string, handle: ConnectionHandler): Promise<ControlServer> {
  const sockets = new Set<Socket>();
  // A caller may end its side with its request, as `socat` does, and still gets its answer.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    handle(socket);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      // Out of file handles: one caller is not answered, that is all.
      server.on('error', () => undefined);
      resolve({ close: () => closeAll(server, sockets) });
    });
  });
}

/** Says one JSON line to whoever connects, and hangs up. */
export function answerOnce(describe: () => JsonObject): ConnectionHandler {
  return (socket) => {
    socket.setTimeout(5000, () => socket.destroy());
    socket.resume();
    socket.end(`${JSON.stringify(describe())}\n`);
  };
}

function closeAll(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}
