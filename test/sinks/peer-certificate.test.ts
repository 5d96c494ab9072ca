import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { startTlsReceiver, type TlsOptions } from '../../src/simulator/siem.ts';
import { type Handshake, PeerCertificate } from '../../src/sinks/peer-certificate.ts';
import { TCPSSL } from '../../src/sinks/tls.ts';
import { endedAfterEach } from './helpers/closing.ts';
import { type PemFolder, pemFolder } from './helpers/tls.ts';
import { batchOf, never, serverAt, testTools, withSink } from './helpers/tools.ts';

const dayMs = 86_400_000;
const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;

/** What a handshake shows, as far as it is looked at. */
const socketOf = (endsMs: number, isReused = false): Handshake => ({
  isSessionReused: () => isReused,
  getPeerCertificate: () => ({ valid_to: new Date(endsMs).toUTCString() }),
});

describe('the certificate of a TLS server', () => {
  const authority = createAuthority();
  const closing = endedAfterEach();
  let folder: PemFolder;
  let certFile = '';
  beforeAll(async () => {
    folder = await pemFolder();
    certFile = await folder.put('ca.pem', authority.certPem);
  });
  afterAll(() => folder.remove());

  const start = (endsMs: number, version: TlsOptions['minVersion'] = 'TLSv1.3') =>
    closing(
      startTlsReceiver({
        ...{ authority, names: ['127.0.0.1'], validToMs: endsMs },
        ...{ minVersion: version, maxVersion: version },
      }),
    );

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'is known after the first %s handshake, and over sessions that are resumed',
    async (version) => {
      const endsMs = wholeSeconds(Date.now() + 200 * dayMs);
      const receiver = await start(endsMs, version);
      const server = serverAt(receiver.port, { protocol: 'TCPSSL', certFile });
      await withSink(TCPSSL.open(server, testTools()), async (sink) => {
        expect(sink.state().certificateEndsMs).toBeUndefined();
        for (let n = 0; n < 3; n += 1) {
          await sink.write(batchOf('feed', 1, n), never);
          expect(sink.state().certificateEndsMs).toBe(endsMs);
        }
      });
    },
  );

  it('that is renewed shortly before its end is seen within an hour', async () => {
    const oldMs = wholeSeconds(Date.now() + 5 * dayMs);
    const newMs = wholeSeconds(Date.now() + 90 * dayMs);
    const before = await start(oldMs);
    let aheadMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
    const server = serverAt(before.port, { protocol: 'TCPSSL', certFile });
    await withSink(TCPSSL.open(server, testTools({ clock })), async (sink) => {
      await sink.write(batchOf('feed', 1), never);
      expect(sink.state().certificateEndsMs).toBe(oldMs);
      await before.stop();
      const renewed = { authority, names: ['127.0.0.1'], validToMs: newMs, port: before.port };
      await closing(startTlsReceiver(renewed));
      aheadMs = 3_600_001;
      await sink.write(batchOf('feed', 1, 1), never);
      expect(sink.state().certificateEndsMs).toBe(newMs);
    });
  });

  it('that has ended breaks the connection as ever, with what to do', async () => {
    const receiver = await start(Date.now() - dayMs / 2);
    const server = serverAt(receiver.port, { protocol: 'TCPSSL', certFile });
    await withSink(TCPSSL.open(server, testTools()), async (sink) => {
      await expect(sink.check(() => undefined, never)).rejects.toMatchObject({
        code: 'tls_expired',
        hint: expect.stringContaining('Renew the certificate') as string,
      });
    });
  });
});

describe('a session that is resumed', () => {
  it('tells nothing new of the certificate', () => {
    const certificate = new PeerCertificate();
    certificate.shown(socketOf(5_000), 0);
    certificate.shown(socketOf(9_000, true), 1);
    certificate.shown(socketOf(Number.NaN), 2);
    expect(certificate.endsMs).toBe(5_000);
  });

  it('gives way to a full handshake once an hour while the end is near, and not after it', () => {
    const certificate = new PeerCertificate();
    const hourMs = 3_600_000;
    expect(certificate.isToBeSeenAgain(0, 10 * hourMs)).toBe(false);
    certificate.shown(socketOf(100 * dayMs), 0);
    expect(certificate.isToBeSeenAgain(69 * dayMs, 2 * hourMs)).toBe(false);
    expect(certificate.isToBeSeenAgain(71 * dayMs, hourMs / 2)).toBe(false);
    expect(certificate.isToBeSeenAgain(71 * dayMs, hourMs)).toBe(true);
    expect(certificate.isToBeSeenAgain(101 * dayMs, 2 * hourMs)).toBe(false);
  });
});
