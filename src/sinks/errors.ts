import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';
import type { ServerOptions } from './sink.ts';

interface Meaning {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const refused: Meaning = {
  code: 'server_refused',
  message: 'refused the connection',
  hint: 'Nothing listens on that port: start the collector there, or correct hostname, port and protocol of this server in the config file.',
};
const timeout: Meaning = {
  code: 'server_timeout',
  message: 'did not answer in time',
  hint: 'Look whether the host is up and whether a firewall between here and there drops the packets.',
};
const unreachable: Meaning = {
  code: 'server_unreachable',
  message: 'can not be reached',
  hint: "Look at this machine's network and routes, and whether the server's address is right.",
};
const dns: Meaning = {
  code: 'server_unknown_host',
  message: 'has a name that does not resolve',
  hint: "Correct the server's hostname in the config file, or make this machine's DNS know it.",
};
const dnsDown: Meaning = {
  code: 'server_dns_down',
  message: 'can not be looked up, because DNS does not answer',
  hint: "Look at this machine's DNS settings; the name is looked up again at the next try.",
};
const broken: Meaning = {
  code: 'server_reset',
  message: 'broke the connection off',
  hint: 'Look at the log of the collector: it was stopped, has crashed or dislikes what it was sent. The lines are sent again.',
};
const wrongName: Meaning = {
  code: 'tls_wrong_name',
  message: 'shows a certificate for another name',
  hint: "Use the name from the certificate as this server's hostname, or set server_name to it.",
};
const expired: Meaning = {
  code: 'tls_expired',
  message: 'shows a certificate that has expired',
  hint: 'Renew the certificate on the server; if it is new there, set the clock of this machine.',
};
const notYet: Meaning = {
  code: 'tls_not_yet_valid',
  message: 'shows a certificate that is not valid yet',
  hint: 'Set the clock of this machine, or issue the certificate again.',
};
const untrusted: Meaning = {
  code: 'tls_untrusted',
  message: 'shows a certificate from an unknown authority',
  hint: "Put the authority's certificate (PEM) into the file that cert_filepath names; a self-signed certificate is its own authority.",
};
const tooOld: Meaning = {
  code: 'tls_too_old',
  message: 'speaks only a TLS version that is too old',
  hint: 'Enable TLS 1.2 or 1.3 on the server.',
};
const notTls: Meaning = {
  code: 'tls_not_tls',
  message: 'does not speak TLS on that port',
  hint: "Use the server's TLS port, or set this server's protocol to TCP.",
};
const clientRefused: Meaning = {
  code: 'tls_client_certificate_refused',
  message: 'refused our client certificate',
  hint: 'Set client_cert_filepath and client_key_filepath to a pair that an authority known to the server has issued and that has not expired.',
};
const handshake: Meaning = {
  code: 'tls_handshake',
  message: 'did not agree on TLS with us',
  hint: 'Let the server offer TLS 1.2 or later with a certificate and usual ciphers; if it asks for a client certificate, set client_cert_filepath.',
};

// Node's names of system, certificate and OpenSSL errors.
const meanings: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: refused,
  ETIMEDOUT: timeout,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  EHOSTDOWN: unreachable,
  ENETDOWN: unreachable,
  EADDRNOTAVAIL: unreachable,
  ENOTFOUND: dns,
  EAI_NODATA: dns,
  EAI_NONAME: dns,
  EAI_AGAIN: dnsDown,
  ECONNRESET: broken,
  ECONNABORTED: broken,
  EPIPE: broken,
  ERR_STREAM_DESTROYED: broken,
  ERR_STREAM_PREMATURE_CLOSE: broken,
  ERR_STREAM_WRITE_AFTER_END: broken,
  ERR_TLS_CERT_ALTNAME_INVALID: wrongName,
  CERT_HAS_EXPIRED: expired,
  CERT_NOT_YET_VALID: notYet,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_UNTRUSTED: untrusted,
  INVALID_CA: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: tooOld,
  ERR_SSL_UNSUPPORTED_PROTOCOL: tooOld,
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
  ERR_SSL_HTTP_REQUEST: notTls,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: clientRefused,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: clientRefused,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: clientRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: clientRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: clientRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: clientRefused,
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: clientRefused,
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: clientRefused,
};

/** A failure of a connection in words; an error that is translated already passes unchanged. */
export function serverError(error: unknown, server: ServerOptions): ForwarderError {
  if (error instanceof ForwarderError) return error;
  const code = systemCode(error) ?? '';
  const meaning = meanings[code] ?? (code.startsWith('ERR_SSL_') ? handshake : undefined);
  if (meaning !== undefined) return meant(meaning, server, error);
  return new ForwarderError('server_failed', `${place(server)}: ${messageOf(error)}`, {
    scope: 'server',
    hint: 'Look at the log of the collector and at the network between here and there.',
    cause: error,
  });
}

function meant(meaning: Meaning, server: ServerOptions, cause?: unknown): ForwarderError {
  const why = cause === undefined ? '' : ` (${firstLine(messageOf(cause))})`;
  const message = `${place(server)} ${meaning.message}${why}`;
  return new ForwarderError(meaning.code, message, { scope: 'server', hint: meaning.hint, cause });
}

// OpenSSL's messages carry line breaks and memory addresses.
function firstLine(text: string): string {
  return (text.split(/[\r\n]/, 1)[0] ?? '').replace(/^[0-9A-F]{8,}:/, '').slice(0, 300);
}

/** `hostname:port`, an IPv6 address in brackets. */
export function place({ hostname, port }: ServerOptions): string {
  return hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

export function connectTimeout(server: ServerOptions): ForwarderError {
  return meant(timeout, server);
}

export function connectionBroken(server: ServerOptions): ForwarderError {
  return meant(broken, server);
}

export function clientCertificateRefused(server: ServerOptions, cause?: unknown): ForwarderError {
  return meant(clientRefused, server, cause);
}

export function handshakeTimeout(server: ServerOptions): ForwarderError {
  return meant(
    {
      code: 'tls_timeout',
      message: 'took the connection but did not finish the TLS handshake in time',
      hint: notTls.hint,
    },
    server,
  );
}

export function handshakeClosed(server: ServerOptions): ForwarderError {
  return meant(
    {
      code: 'tls_closed',
      message: 'closed the connection during the TLS handshake',
      hint: `${notTls.hint} If it wants a client certificate, set client_cert_filepath and client_key_filepath.`,
    },
    server,
  );
}

export function closedEarly(server: ServerOptions): ForwarderError {
  return meant(
    {
      code: 'server_closed_early',
      message: 'closed the connection before it had everything',
      hint: 'Look at the log of the collector: it may be stopping, at a connection limit, or refuse this machine. The lines are sent again.',
    },
    server,
  );
}

export function stalled(server: ServerOptions, progressMs: number, queued: number): ForwarderError {
  return meant(
    {
      code: 'server_stalled',
      message: `took nothing for ${progressMs / 1000} s; ${queued} bytes wait`,
      hint: 'The collector hangs, is overloaded, or the network lost it: look whether it runs and reads. The lines are sent again in smaller groups.',
    },
    server,
  );
}

export function notClosed(server: ServerOptions, progressMs: number): ForwarderError {
  return meant(
    {
      code: 'server_not_closing',
      message: `took every line but did not close the connection within ${progressMs / 1000} s`,
      hint: 'The collector hangs, or never closes: look whether it runs. If it is well and keeps connections open by design, set "confirm: transport" for this server.',
    },
    server,
  );
}

/** What is written to a sink that was closed. */
export function closedError(server: ServerOptions): ForwarderError {
  return new ForwarderError('sink_closed', `the connection to ${server.id} is closed for good`, {
    scope: 'server',
  });
}
