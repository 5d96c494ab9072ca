/** Who may ask what: the Host header, the token, the method. Pure. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../core/loopback.ts';
import type { Secret } from '../core/secret.ts';

export interface Access {
  /** Undefined: whoever reaches the port may ask. */
  readonly token: Secret | undefined;
  /** Names by which this machine may be asked besides those of the loopback, lower-case and without a port. */
  readonly hosts: readonly string[];
}

export interface Refusal {
  readonly status: 400 | 401 | 403 | 405;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Asked {
  readonly method?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Undefined: the request may be answered. `open`: what it asks for is no secret. */
export function refusal(
  { method, headers }: Asked,
  { token, hosts }: Access,
  open: boolean,
): Refusal | undefined {
  if (method !== 'GET' && method !== 'HEAD') {
    return {
      status: 405,
      text: 'Only GET and HEAD are answered.',
      headers: { Allow: 'GET, HEAD' },
    };
  }
  if (token !== undefined) return open || knows(headers.authorization, token) ? undefined : unknown;
  // A page in the admin's browser may have any name lead to this address (DNS rebinding).
  const host = hostOf(headers.host);
  if (host === undefined) return { status: 400, text: 'The request has no usable Host header.' };
  if (isLoopbackName(host) || hosts.includes(host)) return undefined;
  return {
    status: 403,
    text: `This port does not answer to the name ${host}. Add it to dls_settings.status_hosts.`,
  };
}

const unknown: Refusal = {
  status: 401,
  text: 'Send the token of dls_settings.status_token: as a bearer token, or as the password of any user.',
  headers: { 'WWW-Authenticate': 'Basic realm="duologsync", charset="UTF-8"' },
};

/** `Bearer token` (RFC 6750), or the password of `Basic` (RFC 7617), which a browser asks its user for. */
function knows(authorization: string | undefined, token: Secret): boolean {
  const [, scheme = '', credentials = ''] = /^(\w+) +(\S+)$/.exec(authorization ?? '') ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return isSame(credentials, token);
    case 'basic': {
      const pair = Buffer.from(credentials, 'base64').toString();
      return isSame(pair.slice(pair.indexOf(':') + 1), token);
    }
    default:
      return false;
  }
}

/** In the same time whatever is given. */
function isSame(given: string, token: Secret): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token.reveal()));
}

/** The name without its port, lower-case; IPv6 without brackets. */
function hostOf(header: string | undefined): string | undefined {
  const [, v6, name] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d+)?$/.exec(header ?? '') ?? [];
  return (v6 ?? name)?.toLowerCase().replace(/\.$/, '');
}

function isLoopbackName(host: string): boolean {
  return host === 'localhost' || isLoopback(host);
}
