import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import * as errors from '../../src/sinks/errors.ts';
import { serverAt } from './helpers/tools.ts';

const server = serverAt(6514, { hostname: 'siem.test' });
const failing = (code: string): Error => Object.assign(new Error(`it says ${code}`), { code });

describe('an error of a connection', () => {
  it.each([
    ['ECONNREFUSED', 'server_refused'],
    ['ETIMEDOUT', 'server_timeout'],
    ['EHOSTUNREACH', 'server_unreachable'],
    ['ENOTFOUND', 'server_unknown_host'],
    ['EAI_AGAIN', 'server_dns_down'],
    ['ECONNRESET', 'server_reset'],
    ['EPIPE', 'server_reset'],
    ['CERT_HAS_EXPIRED', 'tls_expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_wrong_name'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_untrusted'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls_untrusted'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tls_too_old'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls_not_tls'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tls_client_certificate_refused'],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'tls_handshake'],
    ['SOMETHING_NEW', 'server_failed'],
  ])('%s names the server, what it means (%s) and what to do', (code, expected) => {
    const error = errors.serverError(failing(code), server);
    expect(error).toMatchObject({ code: expected, remedy: 'retry', scope: 'server' });
    expect(error.message).toContain('siem.test:6514');
    expect(error.message).toContain(`it says ${code}`);
    expect(error.hint).toMatch(/^[A-Z].{20,}\.$/);
  });

  it('that is known already is passed on as it is', () => {
    const known = new ForwarderError('x', 'y');
    expect(errors.serverError(known, server)).toBe(known);
  });

  it("does not carry OpenSSL's addresses and line breaks into the log", () => {
    const raw =
      '80BB6C1D5F7F0000:error:0A00010B:SSL routines:wrong version number:../ssl3.c:354:\n';
    const error = errors.serverError(
      Object.assign(new Error(raw), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }),
      server,
    );
    expect(error.message).not.toMatch(/[\n]|80BB6C1D5F7F0000/);
    expect(error.message).toContain('wrong version number');
  });

  it('writes an IPv6 address so that the port can be told apart', () => {
    expect(errors.place(serverAt(514, { hostname: '2001:db8::1' }))).toBe('[2001:db8::1]:514');
  });
});
