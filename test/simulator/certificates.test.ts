import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../src/simulator/certificates.ts';
import type { Authority, LeafRequest } from '../../src/simulator/certificates.ts';

const authority = createAuthority({ name: 'Test authority' });

describe('a certificate', () => {
  it('is read by Node as it was asked for', () => {
    const names = ['siem.example', '*.wild.example', '127.0.0.1', '2001:db8::7'];
    const validFromMs = Date.UTC(2024, 0, 2, 3, 4, 5);
    const validToMs = Date.UTC(2055, 5, 1);
    const issued = authority.issue({ names, validFromMs, validToMs });
    const leaf = new X509Certificate(issued.certPem);
    const root = new X509Certificate(authority.certPem);
    expect(leaf.subject).toBe('CN=siem.example');
    expect(leaf.issuer).toBe('CN=Test authority');
    expect(leaf.subjectAltName).toBe(
      'DNS:siem.example, DNS:*.wild.example, IP Address:127.0.0.1, ' +
        'IP Address:2001:DB8:0:0:0:0:0:7',
    );
    expect(Date.parse(leaf.validFrom)).toBe(validFromMs);
    expect(Date.parse(leaf.validTo)).toBe(validToMs);
    expect(leaf.checkIssued(root)).toBe(true);
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkPrivateKey(createPrivateKey(issued.keyPem))).toBe(true);
    expect([root.ca, leaf.ca]).toEqual([true, false]);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(root.verify(root.publicKey)).toBe(true);
  });

  it('of a client says so', () => {
    const { certPem } = authority.issue({ names: ['forwarder'], client: true });
    expect(new X509Certificate(certPem).keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  });

  it('is valid by the clock that was passed', () => {
    const nowMs = Date.UTC(2030, 0, 15);
    const later = createAuthority({ clock: { nowMs: () => nowMs } });
    const leaf = new X509Certificate(later.issue({ names: ['a'] }).certPem);
    expect(Date.parse(leaf.validFrom)).toBeLessThan(nowMs);
    expect(Date.parse(leaf.validTo)).toBeGreaterThan(nowMs);
  });

  it('of another authority of the same name is not its own', () => {
    const other = createAuthority({ name: 'Test authority' });
    const leaf = new X509Certificate(other.issue({ names: ['a'] }).certPem);
    const root = new X509Certificate(authority.certPem);
    expect(leaf.checkIssued(root)).toBe(false);
    expect(leaf.verify(root.publicKey)).toBe(false);
    expect(new X509Certificate(other.certPem).serialNumber).not.toBe(root.serialNumber);
  });

  it('of an IPv6 address with an IPv4 tail holds that address', () => {
    const { certPem } = authority.issue({ names: ['::ffff:192.0.2.1'] });
    expect(new X509Certificate(certPem).subjectAltName).toBe('IP Address:0:0:0:0:0:FFFF:C000:201');
  });
});

/** The code with which a TLS client refuses the server, or `ok`. */
async function handshake(
  trusted: Authority,
  leaf: LeafRequest,
  servername: string,
): Promise<string> {
  const { certPem: cert, keyPem: key } = authority.issue(leaf);
  const server = createServer({ cert, key }, (socket) => socket.end());
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const code = await new Promise<string>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', servername, ca: trusted.certPem });
    socket.on('secureConnect', () => resolve('ok'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve('closed'));
    socket.resume();
  });
  await new Promise((resolve) => server.close(resolve));
  return code;
}

describe('a TLS handshake', () => {
  const dayMs = 86_400_000;
  const names = ['siem.example'];

  it('works with a certificate of the trusted authority', async () => {
    expect(await handshake(authority, { names }, 'siem.example')).toBe('ok');
  });

  it('is refused for an expired or not yet valid certificate', async () => {
    const nowMs = Date.now();
    const expired = { names, validFromMs: nowMs - 2 * dayMs, validToMs: nowMs - dayMs };
    const early = { names, validFromMs: nowMs + dayMs, validToMs: nowMs + 2 * dayMs };
    expect(await handshake(authority, expired, 'siem.example')).toBe('CERT_HAS_EXPIRED');
    expect(await handshake(authority, early, 'siem.example')).toBe('CERT_NOT_YET_VALID');
  });

  it('is refused for another name', async () => {
    expect(await handshake(authority, { names }, 'other.example')).toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });

  it('is refused for an unknown authority', async () => {
    const other = createAuthority();
    expect(await handshake(other, { names }, 'siem.example')).toBe(
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
  });

  it('is refused for a certificate that is for clients only', async () => {
    expect(await handshake(authority, { names, client: true }, 'siem.example')).toBe(
      'INVALID_PURPOSE',
    );
  });
});
