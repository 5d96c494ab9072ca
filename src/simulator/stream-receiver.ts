import type { AddressInfo, Server, Socket } from 'node:net';
import { createLineCutter } from './lines.ts';

/** What a receiver does wrong; may be changed while it runs and then counts for what comes. */
export interface ReceiverBehaviour {
  /** After the peer's half-close: end as well (rsyslog), reset, or stay silent for ever. */
  onHalfClose?: 'close' | 'reset' | 'never';
  /** Ends its own side, or resets, after so many bytes of a connection. */
  closeAfterBytes?: number;
  resetAfterBytes?: number;
  /** Reads no faster than that. */
  readBytesPerSecond?: number;
  /** Waits so long between the peer's half-close and its own end. */
  closeDelayMs?: number;
  /** Reads and throws away: what it took was never stored. */
  discard?: boolean;
  /** How a client without the right certificate is turned away; reset unless set. */
  onStranger?: 'reset' | 'end';
}

export interface StreamOptions {
  /** 127.0.0.1 unless set. */
  readonly host?: string;
  readonly port?: number;
  readonly behaviour?: ReceiverBehaviour;
  /** Called for each complete line, in order, before it is kept. */
  readonly onLine?: (line: Buffer) => void;
  /** Awaited before the receiver ends a connection that the peer half-closed. */
  readonly beforeClose?: () => Promise<void>;
  /** Called when a connection is over. */
  readonly onClose?: (connection: EndedConnection) => void;
  /** False: lines are counted and passed on, not kept. */
  readonly keep?: boolean;
}

export interface EndedConnection {
  /** Complete lines. */
  readonly lines: number;
  /** The beginning of a line that did not end. */
  readonly cutOff: Buffer;
  /** The peer finished first and this side ended in good order after it. */
  readonly orderly: boolean;
}

export interface ConnectionCounts {
  accepted: number;
  open: number;
  /** The peer ended its side and this side ended after it. */
  clean: number;
  /** Ended by an error or a reset. */
  broken: number;
  /** Connections refused in the TLS handshake or for their certificate. */
  refused: number;
}

/** A listening receiver; `stop` and `start` are a SIEM's outage, on the same port. */
export interface StreamReceiver {
  readonly port: number;
  readonly connections: Readonly<ConnectionCounts>;
  readonly behaviour: ReceiverBehaviour;
  /** How many complete lines came in. */
  readonly received: number;
  /** How many connections ended in the middle of a line. */
  readonly torn: number;
  lines(): readonly Buffer[];
  /** Freezes: connections are accepted by the system, nothing is read. */
  pause(): void;
  resume(): void;
  /** Resets all connections and stops listening. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * `event` is the server's event that hands over a connection ready to be read; `admits` may turn it away
 * even then.
 */
export async function startStreamReceiver(
  makeServer: () => Server,
  event: 'connection' | 'secureConnection',
  options: StreamOptions,
  admits: (socket: Socket) => boolean = () => true,
): Promise<StreamReceiver> {
  const counts: ConnectionCounts = { accepted: 0, open: 0, clean: 0, broken: 0, refused: 0 };
  const behaviour: ReceiverBehaviour = { ...options.behaviour };
  const kept: Buffer[] = [];
  const raw = new Set<Socket>();
  const reading = new Set<Socket>();
  let port = options.port ?? 0;
  let paused = false;
  let received = 0;
  let torn = 0;
  let server: Server | undefined;

  function take(line: Buffer): void {
    if (behaviour.discard === true) return;
    received += 1;
    options.onLine?.(line);
    if (options.keep !== false) kept.push(line);
  }

  function read(socket: Socket): void {
    if (!admits(socket)) {
      counts.refused += 1;
      socket.on('error', () => socket.destroy()).resume();
      if (behaviour.onStranger === 'end') socket.end();
      else reset(socket);
      return;
    }
    const cutter = createLineCutter();
    let bytes = 0;
    let lines = 0;
    let ended = false;
    let spoilt = false;
    counts.accepted += 1;
    counts.open += 1;
    reading.add(socket);
    socket.on('data', (piece: Buffer) => {
      bytes += piece.length;
      for (const line of cutter.push(piece)) {
        lines += 1;
        take(line);
      }
      const { resetAfterBytes = Infinity, closeAfterBytes = Infinity } = behaviour;
      spoilt ||= bytes >= Math.min(resetAfterBytes, closeAfterBytes);
      if (bytes >= resetAfterBytes) return reset(socket);
      if (bytes >= closeAfterBytes) socket.end();
      const rate = behaviour.readBytesPerSecond;
      if (rate !== undefined) rest(socket, (piece.length / rate) * 1000);
    });
    socket.on('end', () => {
      ended = true;
      spoilt ||= behaviour.onHalfClose === 'reset';
      void afterHalfClose(socket);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', (failed) => {
      reading.delete(socket);
      counts.open -= 1;
      if (cutter.pending > 0) torn += 1;
      if (failed || !ended) counts.broken += 1;
      else counts.clean += 1;
      const orderly = ended && !failed && !spoilt && server !== undefined;
      options.onClose?.({ lines, cutOff: cutter.rest(), orderly });
    });
    if (paused) socket.pause();
  }

  async function afterHalfClose(socket: Socket): Promise<void> {
    await options.beforeClose?.();
    if (behaviour.onHalfClose === 'reset') return reset(socket);
    if (behaviour.onHalfClose === 'never') return;
    const delayMs = behaviour.closeDelayMs ?? 0;
    if (delayMs === 0) socket.end();
    else setTimeout(() => socket.end(), delayMs).unref();
  }

  function reset(socket: Socket): void {
    // Under TLS only the connection below can be reset; the one above follows by itself. To destroy that
    // one in the same turn ends the process (measured, Node 20.20).
    const { remotePort } = socket;
    for (const below of raw) if (below.remotePort === remotePort) below.resetAndDestroy();
  }

  function rest(socket: Socket, ms: number): void {
    socket.pause();
    setTimeout(() => {
      if (!paused) socket.resume();
    }, ms).unref();
  }

  async function start(): Promise<void> {
    if (server !== undefined) return;
    const made = makeServer();
    server = made;
    made.on('connection', (socket: Socket) => {
      raw.add(socket);
      socket.on('close', () => raw.delete(socket));
      socket.on('error', () => socket.destroy());
    });
    made.on('tlsClientError', () => (counts.refused += 1));
    made.on(event, read);
    await new Promise<void>((resolve, reject) => {
      made.once('error', reject);
      made.listen(port, options.host ?? '127.0.0.1', resolve);
    });
    port = (made.address() as AddressInfo).port;
  }

  await start();
  return {
    get port() {
      return port;
    },
    get received() {
      return received;
    },
    get torn() {
      return torn;
    },
    connections: counts,
    behaviour,
    lines: () => kept,
    pause() {
      paused = true;
      for (const socket of reading) socket.pause();
    },
    resume() {
      paused = false;
      for (const socket of reading) socket.resume();
    },
    start,
    stop() {
      const stopping = server;
      server = undefined;
      if (stopping === undefined) return Promise.resolve();
      return new Promise((resolve) => {
        stopping.close(() => resolve());
        for (const socket of raw) socket.resetAndDestroy();
      });
    },
  };
}
