import { messageOf, systemCode, type ForwarderError } from '../core/errors.ts';
import { failure, type FailureCode } from './failures.ts';
import type { Clean } from './wire-text.ts';

/** How far a call had come: no connection yet, no answer yet, or in the middle of the body. */
export type Phase = 'connect' | 'headers' | 'body';

const codes: ReadonlyMap<string, FailureCode> = new Map([
  ['ENOTFOUND', 'duo_dns'],
  ['EAI_AGAIN', 'duo_dns'],
  ['EAI_FAIL', 'duo_dns'],
  ['EAI_NODATA', 'duo_dns'],
  ['EAI_NONAME', 'duo_dns'],
  ['ECONNREFUSED', 'duo_refused'],
  ['ETIMEDOUT', 'duo_timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'duo_timeout'],
  ['UND_ERR_HEADERS_TIMEOUT', 'duo_timeout'],
  ['UND_ERR_BODY_TIMEOUT', 'duo_timeout'],
  ['CERT_HAS_EXPIRED', 'duo_tls_expired'],
  ['CERT_NOT_YET_VALID', 'duo_tls_expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'duo_tls_name'],
  ['HOSTNAME_MISMATCH', 'duo_tls_name'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'duo_tls_untrusted'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'duo_tls_untrusted'],
  ['INVALID_CA', 'duo_tls_untrusted'],
  ['INVALID_PURPOSE', 'duo_tls_untrusted'],
  ['EPROTO', 'duo_tls_protocol'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'duo_truncated'],
  ['UND_ERR_HEADERS_OVERFLOW', 'duo_bad_http'],
  ['Z_DATA_ERROR', 'duo_bad_encoding'],
  ['Z_BUF_ERROR', 'duo_bad_encoding'],
]);

// A connection that ends too early; what it means depends on how far the call had come.
const cuts: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'UND_ERR_SOCKET',
  'UND_ERR_ABORTED',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** The error for a call that got no whole answer. `target` is the host, and the proxy if there is one. */
export function failureOfTransport(
  error: unknown,
  phase: Phase,
  target: string,
  clean: Clean,
): ForwarderError {
  const code = transportCode(error);
  const name = nameOf(code, phase);
  const text = clean(textOf(error));
  const reason =
    code === undefined ? text : text === '' || text === code ? code : `${code}: ${text}`;
  return failure(name, `${sentence[phase]} ${target} failed (${reason})`);
}

/** The first system code of an error or of the errors inside it (several addresses were tried). */
export function transportCode(error: unknown): string | undefined {
  const own = systemCode(error);
  if (own !== undefined) return own;
  if (error instanceof Error && error.name === 'HTTPParserError') return 'HPE_INVALID';
  if (error instanceof AggregateError) {
    return (error.errors as unknown[]).map(systemCode).find((code) => code !== undefined);
  }
  return error instanceof Error && error.cause !== undefined ? systemCode(error.cause) : undefined;
}

// OpenSSL's message is a row of numbers and file names around its reason.
function textOf(error: unknown): string {
  if (error instanceof Error && 'reason' in error && typeof error.reason === 'string') {
    return error.reason;
  }
  return messageOf(error);
}

const sentence: Readonly<Record<Phase, string>> = {
  connect: 'Connecting to',
  headers: 'Waiting for the answer of',
  body: 'Reading the answer of',
};

function nameOf(code: string | undefined, phase: Phase): FailureCode {
  if (code === undefined) return phase === 'connect' ? 'duo_unreachable' : 'duo_reset';
  const known = codes.get(code);
  if (known !== undefined) return known;
  if (cuts.has(code)) return phase === 'body' ? 'duo_truncated' : 'duo_reset';
  if (/^(CERT_|UNABLE_TO_|CRL_|ERROR_IN_CERT|ERROR_IN_CRL)/.test(code)) return 'duo_tls_untrusted';
  if (/^ERR_(SSL|TLS|OSSL)_/.test(code)) return 'duo_tls_protocol';
  if (code.startsWith('HPE_')) return 'duo_bad_http';
  return phase === 'connect' ? 'duo_unreachable' : 'duo_reset';
}
