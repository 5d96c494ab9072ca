import { request } from 'node:http';
import { isIP, isIPv6, type Socket } from 'node:net';
import { messageOf, type ForwarderError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import { failure } from './failures.ts';
import { transportCode } from './transport-failures.ts';
import type { Clean } from './wire-text.ts';

/** An HTTP proxy that passes TLS through by CONNECT (RFC 9110 §9.3.6). */
export interface ProxyOptions {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: Secret;
  /** Hosts that are called without it: `host` (and its subdomains), `.suffix`, `*`, each also with `:port`. */
  readonly noProxy?: readonly string[];
}

/** Whether calls to this host go through the proxy. */
export function usesProxy(proxy: ProxyOptions, hostname: string, port: number): boolean {
  return !(proxy.noProxy ?? []).some((entry) =>
    matches(entry.trim().toLowerCase(), hostname, port),
  );
}

/** `host:port` for people; never with credentials. */
export function proxyName(proxy: ProxyOptions): string {
  return authority(proxy.host, proxy.port);
}

/** What travels in Proxy-Authorization, without the word `Basic`. */
export function proxyCredentials(proxy: ProxyOptions): string | undefined {
  if (proxy.user === undefined) return undefined;
  return Buffer.from(`${proxy.user}:${proxy.password?.reveal() ?? ''}`).toString('base64');
}

/**
 * A connection to `hostname:port` through the proxy. Throws `proxy_login`, `proxy_denied`,
 * `proxy_refused`, `proxy_dns`, `proxy_timeout`, `proxy_error`.
 */
export function openTunnel(
  proxy: ProxyOptions,
  hostname: string,
  port: number,
  timeoutMs: number,
  clean: Clean,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const target = authority(hostname, port);
    const credentials = proxyCredentials(proxy);
    const call = request({
      host: proxy.host,
      port: proxy.port,
      method: 'CONNECT',
      path: target,
      agent: false,
      headers: {
        host: target,
        ...(credentials === undefined ? {} : { 'proxy-authorization': `Basic ${credentials}` }),
      },
    });
    // The socket's own timeout starts anew with each byte; this one is for the whole.
    const timer = setTimeout(() => call.destroy(timedOut(proxy, timeoutMs)), timeoutMs);
    call.once('connect', (answer, socket, head) => {
      clearTimeout(timer);
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        if (head.length > 0) socket.unshift(head);
        return resolve(socket);
      }
      socket.on('error', () => undefined);
      socket.destroy();
      reject(refused(proxy, status, clean(answer.statusMessage ?? '')));
    });
    call.once('error', (error) => {
      clearTimeout(timer);
      reject(failed(error, proxy, clean));
    });
    call.end();
  });
}

function matches(entry: string, hostname: string, port: number): boolean {
  if (entry === '*') return true;
  const [, host = entry, entryPort] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  if (entryPort !== undefined && Number(entryPort) !== port) return false;
  const name = bare(host);
  if (name === '') return false;
  const suffix = name.startsWith('*.') ? name.slice(1) : name;
  const called = bare(hostname.toLowerCase());
  if (isIP(called) !== 0) return called === suffix;
  if (suffix.startsWith('.')) return called.endsWith(suffix);
  return called === suffix || called.endsWith(`.${suffix}`);
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

function authority(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function timedOut(proxy: ProxyOptions, timeoutMs: number): ForwarderError {
  const seconds = timeoutMs / 1000;
  return failure('proxy_timeout', `The proxy ${proxyName(proxy)} opened no tunnel in ${seconds} s`);
}

function refused(proxy: ProxyOptions, status: number, reason: string): ForwarderError {
  const answer = `The proxy ${proxyName(proxy)} answered ${status}${reason === '' ? '' : ` ${reason}`}`;
  if (status === 407 && proxy.user === undefined) {
    return failure('proxy_login', `${answer}: it wants a login`, { retryAfterMs: 60_000 });
  }
  if (status === 407) {
    return failure('proxy_login', `${answer}: it refused the login`, { retryAfterMs: 60_000 });
  }
  if (status === 403) return failure('proxy_denied', `${answer}: it does not allow this host`);
  return failure('proxy_error', answer);
}

function failed(error: Error, proxy: ProxyOptions, clean: Clean): Error {
  if (error.name === 'ForwarderError') return error;
  const code = transportCode(error);
  const reason = code ?? clean(messageOf(error));
  const message = `The proxy ${proxyName(proxy)} cannot be used (${reason})`;
  if (code === 'ECONNREFUSED') return failure('proxy_refused', message);
  if (code === 'ENOTFOUND' || code?.startsWith('EAI_')) return failure('proxy_dns', message);
  if (code === 'ETIMEDOUT') return failure('proxy_timeout', message);
  return failure('proxy_error', message);
}
