import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { TLSSocket, createServer as createTlsServer } from 'node:tls';
import type { Authority } from './certificates.ts';
import { startStreamReceiver } from './stream-receiver.ts';
import type { StreamOptions, StreamReceiver } from './stream-receiver.ts';

export { startUdpReceiver } from './udp-receiver.ts';
export type { UdpOptions, UdpReceiver } from './udp-receiver.ts';
export type {
  ConnectionCounts,
  EndedConnection,
  ReceiverBehaviour,
  StreamOptions,
  StreamReceiver,
} from './stream-receiver.ts';

export interface TlsOptions extends StreamOptions {
  readonly authority: Authority;
  /** The names and addresses in the server's certificate. */
  readonly names: readonly string[];
  readonly validFromMs?: number;
  readonly validToMs?: number;
  /** Only clients with a certificate of that authority get in (mutual TLS). */
  readonly requestClientCert?: Authority;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** A SIEM that reads lines from plain TCP connections. */
export function startTcpReceiver(options: StreamOptions = {}): Promise<StreamReceiver> {
  return startStreamReceiver(() => createServer({ allowHalfOpen: true }), 'connection', options);
}

/**
 * The same over TLS. A client without the right certificate is turned away after the handshake (as TLS 1.3
 * does it), before a line is taken.
 */
export function startTlsReceiver(options: TlsOptions): Promise<StreamReceiver> {
  const { certPem: cert, keyPem: key } = options.authority.issue(options);
  const clients = options.requestClientCert;
  const make = (): Server =>
    createTlsServer({
      cert,
      key,
      allowHalfOpen: true,
      minVersion: options.minVersion ?? 'TLSv1.2',
      ...(options.maxVersion === undefined ? {} : { maxVersion: options.maxVersion }),
      ...(clients === undefined
        ? {}
        : { ca: clients.certPem, requestCert: true, rejectUnauthorized: false }),
    });
  // Checked here: Node would end the connection in silence, which looks like a confirmation.
  return startStreamReceiver(make, 'secureConnection', options, (socket) => {
    return clients === undefined || (socket instanceof TLSSocket && socket.authorized);
  });
}
