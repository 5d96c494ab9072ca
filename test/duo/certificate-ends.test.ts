import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { CertificateEnds, type Handshake } from '../../src/duo/certificate-ends.ts';
import { CallCounts, counted } from '../../src/duo/counted-calls.ts';
import { answer, authority, clientOf, failureOf, get, okBody, serve } from './duo-server.ts';

const dayMs = 86_400_000;
const cleanups: (() => Promise<void>)[] = [];
const never = new AbortController().signal;

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serverUntil(validToMs: number) {
  const certificate = authority.issue({ names: ['localhost'], validToMs });
  const server = await serve((_, response) => answer(response, 200, okBody), certificate);
  cleanups.push(() => server.close());
  return server;
}

const socketOf = (endsMs: number, isReused = false): Handshake => ({
  isSessionReused: () => isReused,
  getPeerCertificate: () => ({ valid_to: new Date(endsMs).toUTCString() }),
});

describe("the certificate of Duo's API", () => {
  it('is known after a call, also through the counting', async () => {
    const endsMs = Math.floor(Date.now() / 1000) * 1000 + 20 * dayMs;
    const server = await serverUntil(endsMs);
    const duo = counted(clientOf(), new CallCounts(), systemClock, () => 'auth');
    cleanups.push(() => duo.close());
    expect(duo.certificateEnd?.()).toBeUndefined();
    await duo.send(get(server.account), never);
    expect(duo.certificateEnd?.()).toEqual({ host: 'localhost', endsMs });
  });

  it('that has ended fails the call as ever, and its end is not told beside it', async () => {
    const server = await serverUntil(Date.now() - 3_600_000);
    const duo = clientOf();
    cleanups.push(() => duo.close());
    expect((await failureOf(duo, get(server.account))).code).toBe('duo_tls_expired');
    expect(duo.certificateEnd?.()).toBeUndefined();
  });
});

describe('the certificates of many hosts', () => {
  it('are told by the one that ends first', () => {
    const ends = new CertificateEnds();
    ends.shown('one', socketOf(50 * dayMs), 0);
    ends.shown('two', socketOf(20 * dayMs), 1);
    ends.shown('three', socketOf(70 * dayMs), 2);
    expect(ends.earliest).toEqual({ host: 'two', endsMs: 20 * dayMs });
    ends.shown('two', socketOf(120 * dayMs), 3);
    expect(ends.earliest).toEqual({ host: 'one', endsMs: 50 * dayMs });
  });

  it('keep what a full handshake showed while sessions are resumed', () => {
    const ends = new CertificateEnds();
    ends.shown('one', socketOf(50 * dayMs), 0);
    ends.shown('one', socketOf(90 * dayMs, true), 1);
    ends.shown('two', socketOf(10 * dayMs, true), 1);
    expect(ends.earliest).toEqual({ host: 'one', endsMs: 50 * dayMs });
  });

  it('are forgotten a day after their last call, because children come and go', () => {
    const ends = new CertificateEnds();
    ends.shown('gone', socketOf(5 * dayMs), 0);
    ends.shown('stays', socketOf(50 * dayMs), 0);
    ends.shown('stays', socketOf(50 * dayMs, true), dayMs);
    expect(ends.earliest?.host).toBe('gone');
    ends.shown('stays', socketOf(50 * dayMs, true), dayMs + 1);
    expect(ends.earliest?.host).toBe('stays');
  });
});
