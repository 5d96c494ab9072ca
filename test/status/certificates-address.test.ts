import { describe, expect, it } from 'vitest';
import { addressOf } from '../../src/status/address.ts';
import { certificateProblems } from '../../src/status/certificates.ts';
import { Histories } from '../../src/status/history.ts';
import type { Parts, ServerPart } from '../../src/status/parts.ts';
import { isDegraded, problemsOf } from '../../src/status/problems.ts';
import { snapshotOf } from '../../src/status/snapshot.ts';
import { statusText } from '../../src/cli/status-text.ts';
import { failure } from '../../src/duo/failures.ts';
import { feedPart, nothingKept, nowMs, parts, refused, serverPart } from './parts.ts';

const dayMs = 86_400_000;
const inDays = (days: number): number => nowMs + days * dayMs;

function tls(certificateEndsMs: number, more: Partial<ServerPart> = {}): ServerPart {
  const { state, ...server } = serverPart('siem');
  return {
    ...server,
    protocol: 'TCPSSL',
    port: 6514,
    state: { ...state, certificateEndsMs },
    ...more,
  };
}

const duoUntil = (endsMs: number): Pick<Parts, 'duo'> => {
  const { duo } = parts();
  if (duo === undefined) throw new Error('no Duo');
  return { duo: { ...duo, certificate: { host: 'api-1.example', endsMs } } };
};

describe('an address', () => {
  it('is written as one would write it', () => {
    const server = serverPart('siem');
    expect(addressOf({ ...server, hostname: 'fd00::1' })).toBe('tcp://[fd00::1]:514');
    expect(addressOf({ ...server, protocol: 'TCPSSL' })).toBe('tls://siem.example.org:514');
    expect(addressOf({ ...server, protocol: 'FILE', hostname: '/duo', port: 0 })).toBe('file:/duo');
  });
});

describe('a certificate', () => {
  it('is no problem until 30 days before its end', () => {
    expect(certificateProblems(parts({ servers: [tls(inDays(30) + 1)] }))).toEqual([]);
    expect(certificateProblems(parts({ servers: [tls(inDays(30))] }))).toHaveLength(1);
  });

  it('that ends soon is told with whose it is, when it ends and what to do', () => {
    const servers = [tls(inDays(25.5), { clientCertificateEndsMs: inDays(3) })];
    expect(certificateProblems(parts({ servers, ...duoUntil(inDays(12)) }))).toMatchObject([
      {
        kind: 'certificate',
        what: 'certificate of server siem (tls://siem.example.org:6514)',
        side: 'server',
        code: 'certificate_ends',
        message: 'It ends on 2026-12-17T14:30:00.000Z, in 25 days',
        sinceMs: inDays(-4.5),
        severity: 'warning',
        feeds: 0,
      },
      {
        what: 'client certificate for server siem (tls://siem.example.org:6514)',
        side: 'config',
        message: 'It ends on 2026-11-25T02:30:00.000Z, in 3 days',
        remedy: expect.stringContaining('client_cert_filepath') as string,
        severity: 'problem',
      },
      {
        what: 'certificate of Duo’s API (api-1.example)',
        side: 'duo',
        remedy: expect.stringContaining('proxy') as string,
        severity: 'warning',
      },
    ]);
  });

  it('is a warning, and makes the state degraded in its last seven days alone', () => {
    const stateAt = (days: number): string =>
      snapshotOf(parts({ servers: [tls(inDays(days))] }), new Histories(), nothingKept).state;
    expect([29, 7.1, 7, 1, -1].map(stateAt)).toEqual([
      'healthy',
      'healthy',
      'degraded',
      'degraded',
      'degraded',
    ]);
    expect(isDegraded([])).toBe(false);
    expect(isDegraded([{ severity: 'warning' }, {}])).toBe(true);
  });

  it('that has ended, while connections still stand, is told as ended', () => {
    const told = (days: number) =>
      certificateProblems(parts({ servers: [tls(inDays(days))] })).map(({ code, message }) => [
        code,
        message.replace(/.* on \S+, /, ''),
      ]);
    expect(told(0.1)).toEqual([['certificate_ends', 'in less than a day']]);
    expect(told(0)).toEqual([['certificate_ended', 'less than a day ago']]);
    expect(told(-1.5)).toEqual([['certificate_ended', '1 day ago']]);
  });

  it('whose end has broken the connection is told by that alone', () => {
    const server = tls(inDays(-1));
    const trouble = { ...refused, code: 'tls_expired' };
    const servers = [{ ...server, state: { ...server.state, trouble } }];
    expect(problemsOf(parts({ servers }), nothingKept).map(({ code }) => code)).toEqual([
      'tls_expired',
    ]);
    const feeds = [feedPart('auth', { problem: failure('duo_tls_expired', 'expired') })];
    expect(
      problemsOf(parts({ feeds, ...duoUntil(inDays(-1)) }), nothingKept).map(({ code }) => code),
    ).toEqual(['duo_tls_expired']);
  });
});

describe('the snapshot', () => {
  it('has the end of every certificate, and null where none is known', () => {
    const servers = [
      tls(inDays(100), {
        clientCertificateEndsMs: inDays(50),
        heartbeat: { everySeconds: 60, sent: 3, dropped: 1, lastSentMs: nowMs - 5_000 },
      }),
      serverPart('plain'),
    ];
    const told = snapshotOf(
      parts({ servers, ...duoUntil(inDays(200)) }),
      new Histories(),
      nothingKept,
    );
    expect(told.servers).toMatchObject([
      {
        certificate_ends: '2027-03-02T02:30:00.000Z',
        client_certificate_ends: '2027-01-11T02:30:00.000Z',
        heartbeat: {
          every_seconds: 60,
          sent: 3,
          dropped: 1,
          last_sent: '2026-11-22T02:29:55.000Z',
        },
      },
      { certificate_ends: null, client_certificate_ends: null, heartbeat: null },
    ]);
    expect(told.duo?.certificate_ends).toBe('2027-06-10T02:30:00.000Z');
    expect(snapshotOf(parts(), new Histories(), nothingKept).duo?.certificate_ends).toBeNull();
  });

  it('says on a terminal that a warning is none of the problems', () => {
    const terminal = { columns: undefined, rows: undefined, colour: false, ascii: false };
    const text = (more: Partial<Parts>): string =>
      statusText(snapshotOf(parts(more), new Histories(), nothingKept), { terminal });
    const calm = text({ servers: [tls(inDays(20))] });
    expect(calm).toContain('HEALTHY, 1 warning\n');
    expect(calm).toMatch(/! certificate of server siem .*: It ends on 2026-12-12T02:30/);
    const worse = text({ servers: [tls(inDays(20), { clientCertificateEndsMs: inDays(2) })] });
    expect(worse).toContain('DEGRADED: 1 problem, 1 warning\n');
  });
});
