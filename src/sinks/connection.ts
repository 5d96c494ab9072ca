import type { Socket } from 'node:net';

/** An open connection, ready for the first byte. tcp.ts and tls.ts differ only in how it is opened. */
export interface Connection {
  /** What is written to. */
  readonly socket: Socket;
  /** The TCP socket under it (the same for plain TCP). */
  readonly transport: Socket;
  /** How long the TCP handshake took. */
  readonly roundTripMs: number;
}

/** Tells a step of `check` that went well. */
export type Report = (step: string, detail: string) => void;

export interface Dialer {
  /** How long the certificate is valid that the server showed last. */
  readonly certificateEndsMs?: number | undefined;
  /** Its certificate ends soon, and only a handshake shows whether it was renewed. */
  readonly hidesRenewal?: boolean;
  /** Resolves the name, tries all addresses, shakes hands; throws a ForwarderError, or the signal's reason. */
  connect(signal: AbortSignal, report?: Report): Promise<Connection>;
  /** A connection was confirmed: what is only checked on the first one is settled. */
  proven(): void;
}

/** Ends a connection so that the peer can not take it for a clean end. */
export function reset(connection: Connection): void {
  const { socket, transport } = connection;
  // Node loses a socket that is reset while its own end is under way: a file handle for ever, and a process
  // that spins at its exit (measured, Node 20). Every line is out by then, so a plain close tears none.
  const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isEnding) transport.destroy();
  else if (!transport.destroyed) transport.resetAndDestroy();
  socket.destroy();
}
