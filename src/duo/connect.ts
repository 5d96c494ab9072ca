import tls from 'node:tls';
import { buildConnector } from 'undici';
import { asForwarderError } from '../core/errors.ts';
import { openTunnel, proxyName, usesProxy, type ProxyOptions } from './proxy.ts';
import { failureOfTransport } from './transport-failures.ts';
import type { Clean } from './wire-text.ts';

export interface ConnectOptions {
  /** PEM text that adds to the roots that Node trusts. */
  readonly ca?: string | undefined;
  readonly proxy?: ProxyOptions | undefined;
  /** For each of: the tunnel, the connection with its TLS handshake. */
  readonly timeoutMs: number;
  readonly clean: Clean;
  /** Told of each connection after its handshake. */
  readonly secured?: (hostname: string, socket: tls.TLSSocket) => void;
}

/**
 * Opens verified TLS connections, directly or through the proxy. Its errors are ForwarderErrors
 * already: undici would try for ever on some codes of its own, and could not tell proxy from Duo.
 */
export function createConnector(options: ConnectOptions): buildConnector.connector {
  const { proxy, timeoutMs, clean, secured } = options;
  const secure = buildConnector({
    secureContext: tls.createSecureContext({
      minVersion: 'TLSv1.2',
      ...(options.ca === undefined ? {} : { ca: [...rootsWith(options.ca)] }),
    }),
    timeout: timeoutMs,
  });
  return (request, callback) => {
    const port = Number(request.port === '' ? 443 : request.port);
    const proxied = proxy !== undefined && usesProxy(proxy, request.hostname, port);
    const through = proxied ? ` through the proxy ${proxyName(proxy)}` : '';
    const target = `${request.hostname}:${port}${through}`;
    const done: buildConnector.Callback = (...[error, socket]) => {
      if (error === null) {
        if (socket instanceof tls.TLSSocket) secured?.(request.hostname, socket);
        callback(null, socket);
      } else callback(failureOfTransport(error, 'connect', target, clean), null);
    };
    if (!proxied) return secure(request, done);
    openTunnel(proxy, request.hostname, port, timeoutMs, clean).then(
      (httpSocket) => secure({ ...request, httpSocket }, done),
      (error: unknown) => callback(asForwarderError(error, 'proxy_error'), null),
    );
  };
}

/**
 * What Node trusts by itself, and `pem`: giving Node a CA replaces its own. Since Node 22.15 its own are told
 * with the system's store and NODE_EXTRA_CA_CERTS.
 */
export function rootsWith(pem: string): readonly string[] {
  if ('getCACertificates' in tls && typeof tls.getCACertificates === 'function') {
    const list: unknown = Reflect.apply(tls.getCACertificates, tls, ['default']);
    if (Array.isArray(list)) return [...list.filter((one) => typeof one === 'string'), pem];
  }
  return [...tls.rootCertificates, pem];
}
