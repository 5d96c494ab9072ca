import { createHash, createHmac } from 'node:crypto';
import type { Secret } from '../core/secret.ts';

/** v5 is Duo's present scheme (HMAC-SHA512); v2 the one before it; v2-sha1 what its manual still prints. */
export type SignatureVersion = 'v5' | 'v2' | 'v2-sha1';

/** One request as Duo sees it. */
export interface Signable {
  /** Sent as `Date` (or `X-Duo-Date`) letter for letter. */
  readonly date: string;
  readonly method: string;
  /** The host that receives the call, without a port. */
  readonly host: string;
  /** As sent, without the query. */
  readonly path: string;
  /** From `canonicalParams`; empty for a JSON body. */
  readonly params: string;
  /** v5 only: the very text that is sent. */
  readonly body: string;
  /** v5 only: the `x-duo-…` headers that are sent. */
  readonly duoHeaders: Readonly<Record<string, string>>;
}

/**
 * `name=value` joined by `&`, sorted by encoded name, then value; also fit to be sent as the query,
 * so that what is sent is what is signed. Clients disagree about repeated names: never send one.
 */
export function canonicalParams(pairs: Iterable<readonly [string, string]>): string {
  return [...pairs]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** SHA-512 over the lower-cased, sorted names and their values, all joined by NUL. */
export function duoHeadersHash(headers: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return sha512(
    pairs
      .sort((a, b) => compare(a[0], b[0]))
      .flat()
      .join('\0'),
  );
}

/** The text that is signed. */
export function canonicalText(version: SignatureVersion, request: Signable): string {
  const lines = [
    request.date,
    request.method.toUpperCase(),
    request.host.toLowerCase(),
    request.path,
    request.params,
  ];
  if (version === 'v5') lines.push(sha512(request.body), duoHeadersHash(request.duoHeaders));
  return lines.join('\n');
}

/** The value of the `Authorization` header. */
export function authorization(
  version: SignatureVersion,
  ikey: string,
  skey: Secret,
  request: Signable,
): string {
  const digest = version === 'v2-sha1' ? 'sha1' : 'sha512';
  const signature = createHmac(digest, skey.reveal())
    .update(canonicalText(version, request))
    .digest('hex');
  return `Basic ${Buffer.from(`${ikey}:${signature}`).toString('base64')}`;
}

// encodeURIComponent leaves ! ' ( ) * bare, which Duo encodes, and throws on a lone surrogate.
function encode(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

// The texts are ASCII by now, where UTF-16 order is byte order; localeCompare is neither.
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sha512(text: string): string {
  return createHash('sha512').update(text).digest('hex');
}
