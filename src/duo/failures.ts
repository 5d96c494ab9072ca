import { ForwarderError, type ErrorDetails, type Remedy, type Scope } from '../core/errors.ts';

interface Failure {
  readonly remedy: Remedy;
  readonly scope: Scope;
  /** What a person can do about it. */
  readonly hint: string;
}

const network = 'Nothing is lost and it is tried again; if it lasts, look at';

/** Everything that can go wrong between us and Duo; JSON that is broken is told by core/json-bytes.ts. */
export const failures = {
  duo_rate_limited: {
    remedy: 'retry',
    scope: 'source',
    hint: 'Duo grants only a few calls a minute; the pace is lowered by itself. Look for another program that reads the same logs.',
  },
  /** Any 400. To a call with an offset it means that the offset is stale: the window is to be begun anew. */
  duo_bad_request: {
    remedy: 'park',
    scope: 'source',
    hint: 'Duo refuses what was asked: check that account.hostname is the host of this very account; if it is, update this program, and report the text if that does not help.',
  },
  duo_invalid_key: {
    remedy: 'park',
    scope: 'account',
    hint: 'Compare account.ikey and account.hostname with the application in the Duo Admin Panel: both must be of the same application.',
  },
  duo_invalid_signature: {
    remedy: 'park',
    scope: 'account',
    hint: 'Compare the secret key (account.skey) with the application in the Duo Admin Panel; it may have been reset there.',
  },
  duo_clock: {
    remedy: 'retry',
    scope: 'account',
    hint: 'Set the clock of this machine, and check that no proxy changes the Date header.',
  },
  duo_unauthorized: {
    remedy: 'park',
    scope: 'account',
    hint: 'Duo did not get the credentials as they were sent; check that no proxy removes the Authorization or Date header.',
  },
  duo_forbidden: {
    remedy: 'park',
    scope: 'source',
    hint: 'In the Duo Admin Panel give this Admin API application "Grant read log", check its permitted networks, and whether the account’s edition has this log.',
  },
  duo_not_found: {
    remedy: 'park',
    scope: 'source',
    hint: 'Duo does not know this log or account; check account.hostname, and whether the account still exists.',
  },
  duo_method: {
    remedy: 'park',
    scope: 'source',
    hint: 'Duo does not take this kind of call; update this program, and report it if that does not help.',
  },
  duo_server_error: {
    remedy: 'retry',
    scope: 'source',
    hint: 'Duo has trouble of its own and it is tried again; see Duo’s status page if it lasts.',
  },
  duo_failed: {
    remedy: 'retry',
    scope: 'source',
    hint: 'Duo refused without a known reason and it is tried again; report the text if it lasts.',
  },
  duo_not_json: {
    remedy: 'retry',
    scope: 'source',
    hint: 'This looks like a login or block page of a proxy: let this machine reach Duo’s host without one, or set proxy in the config.',
  },
  duo_wrong_shape: {
    remedy: 'retry',
    scope: 'source',
    hint: 'This is not an answer of Duo’s API; check account.hostname, and any proxy on the way.',
  },
  duo_redirect: {
    remedy: 'retry',
    scope: 'source',
    hint: 'Redirects are never followed, because the call is signed for one host; check account.hostname, and any proxy on the way.',
  },
  duo_body_too_large: {
    remedy: 'retry',
    scope: 'source',
    hint: 'The answer is larger than any answer of Duo and was dropped; look at the proxy if it lasts.',
  },
  duo_bad_encoding: {
    remedy: 'retry',
    scope: 'source',
    hint: 'The answer was compressed, though that was not asked for, and cannot be unpacked; look at the proxy.',
  },
  duo_bad_http: {
    remedy: 'retry',
    scope: 'source',
    hint: 'The answer is no valid HTTP; check account.hostname and its port, and any proxy on the way.',
  },
  duo_timeout: {
    remedy: 'retry',
    scope: 'source',
    hint: `${network} the firewall and the proxy between this machine and Duo (port 443).`,
  },
  duo_truncated: {
    remedy: 'retry',
    scope: 'source',
    hint: `${network} the proxy or firewall that cuts long answers.`,
  },
  duo_reset: {
    remedy: 'retry',
    scope: 'source',
    hint: `${network} the firewall or proxy that cuts the connection.`,
  },
  duo_dns: {
    remedy: 'retry',
    scope: 'account',
    hint: 'Check the spelling of account.hostname and this machine’s name resolution (DNS).',
  },
  duo_refused: {
    remedy: 'retry',
    scope: 'account',
    hint: 'Check account.hostname and its port, and whether a firewall lets this machine reach it.',
  },
  duo_unreachable: {
    remedy: 'retry',
    scope: 'account',
    hint: `${network} this machine’s network and firewall.`,
  },
  duo_tls_expired: {
    remedy: 'retry',
    scope: 'account',
    hint: 'Check the clock of this machine; if it is right, the certificate is that of a proxy that inspects TLS and has to be renewed.',
  },
  duo_tls_name: {
    remedy: 'retry',
    scope: 'account',
    hint: 'The certificate is that of another host: check account.hostname, and whether a proxy or name server leads elsewhere.',
  },
  duo_tls_untrusted: {
    remedy: 'retry',
    scope: 'account',
    hint: 'Where a proxy inspects TLS, name its CA certificate in api.ca_filepath (or NODE_EXTRA_CA_CERTS); verification cannot be switched off.',
  },
  duo_tls_protocol: {
    remedy: 'retry',
    scope: 'account',
    hint: 'TLS 1.2 or later is needed: check account.hostname and its port, and whether a proxy answers in Duo’s place.',
  },
  proxy_login: {
    remedy: 'retry',
    scope: 'account',
    hint: 'Check proxy.proxy_user and proxy.proxy_password.',
  },
  proxy_denied: {
    remedy: 'retry',
    scope: 'account',
    hint: 'Let the proxy allow CONNECT to Duo’s host, or name the host in proxy.no_proxy.',
  },
  proxy_refused: {
    remedy: 'retry',
    scope: 'account',
    hint: 'Check proxy.proxy_server and proxy.proxy_port, and whether the proxy runs.',
  },
  proxy_dns: {
    remedy: 'retry',
    scope: 'account',
    hint: 'Check the spelling of proxy.proxy_server and this machine’s name resolution (DNS).',
  },
  proxy_timeout: {
    remedy: 'retry',
    scope: 'account',
    hint: 'Check proxy.proxy_server and proxy.proxy_port, and whether the proxy can reach Duo.',
  },
  proxy_error: {
    remedy: 'retry',
    scope: 'account',
    hint: 'Look at the proxy’s log: it must be an HTTP proxy that allows CONNECT and can reach Duo.',
  },
} as const satisfies Record<string, Failure>;

export type FailureCode = keyof typeof failures;

/** The error of one row of the table. */
export function failure(
  code: FailureCode,
  message: string,
  details: Pick<ErrorDetails, 'retryAfterMs' | 'cause'> = {},
): ForwarderError {
  return new ForwarderError(code, message, { ...failures[code], ...details });
}
