import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type SignatureVersion = 'v2-sha1' | 'v2-sha512' | 'v5';

/** What a signature covers, decoded. */
export interface SignedParts {
  /** The text of the Date (or X-Duo-Date) header, as sent. */
  readonly date: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** v2: of the query or the form; v5: of the query alone. */
  readonly pairs: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  /** Every x-duo-* header that was sent, in any order and case. */
  readonly xDuoHeaders: readonly (readonly [string, string])[];
}

/** Keys and values percent-encoded and sorted, equal keys by value; what Duo's own clients sign. */
export function canonicalParams(pairs: SignedParts['pairs']): string {
  const encoded = pairs.map(([key, value]) => [percentEncode(key), percentEncode(value)] as const);
  encoded.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return encoded.map(([key, value]) => `${key}=${value}`).join('&');
}

/** SHA-512 over the lower-cased names and their values, NUL between all of them. */
export function xDuoHeadersHash(headers: SignedParts['xDuoHeaders']): string {
  const lower = headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  lower.sort((a, b) => compare(a[0], b[0]));
  return sha512(Buffer.from(lower.flat().join('\0')));
}

/** The signed text: five lines in v2, seven in v5. */
export function canonicalText(version: 2 | 5, parts: SignedParts): string {
  const lines = [
    parts.date,
    parts.method.toUpperCase(),
    parts.host.toLowerCase(),
    parts.path,
    canonicalParams(parts.pairs),
  ];
  if (version === 5) lines.push(sha512(parts.body), xDuoHeadersHash(parts.xDuoHeaders));
  return lines.join('\n');
}

/**
 * The version under which the signature is right, or undefined. The digest shows in the length (40 or
 * 128 hex digits, any case); of the SHA-512 versions each accepted one is tried.
 */
export function findVersion(
  signatureHex: string,
  skey: string,
  parts: SignedParts,
  accepted: readonly SignatureVersion[],
): SignatureVersion | undefined {
  return accepted.find((version) => {
    const digest = version === 'v2-sha1' ? 'sha1' : 'sha512';
    const text = canonicalText(version === 'v5' ? 5 : 2, parts);
    const expected = createHmac(digest, skey).update(text).digest('hex');
    const given = Buffer.from(signatureHex.toLowerCase());
    return given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
  });
}

function percentEncode(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text)) {
    const char = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9_.~-]/.test(char)
      ? char
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function sha512(bytes: Uint8Array): string {
  return createHash('sha512').update(bytes).digest('hex');
}
