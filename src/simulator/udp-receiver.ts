import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

export interface UdpOptions {
  /** An IPv4 or IPv6 address; 127.0.0.1 unless set. */
  readonly host?: string;
  readonly port?: number;
  readonly onLine?: (line: Buffer) => void;
  /** Room in the system's buffer, so that a busy test does not lose by itself. */
  readonly receiveBufferBytes?: number;
}

/** A SIEM that reads datagrams, one event each. */
export interface UdpReceiver {
  readonly port: number;
  /** Datagrams without their final LF. */
  lines(): readonly Buffer[];
  /** Datagrams as they came. */
  datagrams(): readonly Buffer[];
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startUdpReceiver(options: UdpOptions = {}): Promise<UdpReceiver> {
  const host = options.host ?? '127.0.0.1';
  const datagrams: Buffer[] = [];
  let port = options.port ?? 0;
  let socket: Socket | undefined;

  async function start(): Promise<void> {
    if (socket !== undefined) return;
    const recvBufferSize = options.receiveBufferBytes ?? 1_048_576;
    const made = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', recvBufferSize });
    socket = made;
    made.on('message', (datagram) => {
      datagrams.push(datagram);
      options.onLine?.(withoutEnd(datagram));
    });
    await new Promise<void>((resolve, reject) => {
      made.once('error', reject);
      made.bind(port, host, resolve);
    });
    port = made.address().port;
  }

  await start();
  return {
    get port() {
      return port;
    },
    datagrams: () => datagrams,
    lines: () => datagrams.map(withoutEnd),
    start,
    stop() {
      const stopping = socket;
      socket = undefined;
      if (stopping === undefined) return Promise.resolve();
      return new Promise((resolve) => stopping.close(() => resolve()));
    },
  };
}

function withoutEnd(datagram: Buffer): Buffer {
  return datagram.at(-1) === 10 ? datagram.subarray(0, -1) : datagram;
}
