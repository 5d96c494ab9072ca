import type { Socket } from 'node:net';

/**
 * Ends a connection with RST and nothing before it. `resetAndDestroy` of node:net sends FIN first (measured,
 * Node 20.20), which the peer may take for a clean end; the mark that it sets, without its `end`, does not.
 * Below TLS the connection above follows by itself; destroying that one, too, ends the process.
 */
export function resetNow(socket: Socket): void {
  Object.assign(socket, { resetAndClosing: true });
  socket.destroy();
}
