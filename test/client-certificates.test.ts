import { describe, expect, it } from 'vitest';
import { ClientCertificates } from '../src/client-certificates.ts';
import { createAuthority } from '../src/simulator/certificates.ts';
import { TestClock } from './engine/test-clock.ts';

const dayMs = 86_400_000;
const clock = new TestClock();
const authority = createAuthority({ clock });
const pemUntil = (endsMs: number): string => {
  const { certPem, keyPem } = authority.issue({
    names: ['forwarder'],
    client: true,
    validToMs: endsMs,
  });
  return keyPem + certPem + authority.certPem;
};

describe('the client certificates', () => {
  const server = { id: 'siem', protocol: 'TCPSSL', client_cert_filepath: '/client.pem' } as const;

  it('end as their files say: the first certificate of each', async () => {
    const files: Record<string, string> = { '/client.pem': pemUntil(clock.startMs + 20 * dayMs) };
    const servers = [
      server,
      { id: 'plain', protocol: 'TCP', client_cert_filepath: '/client.pem' } as const,
      { id: 'without', protocol: 'TCPSSL' } as const,
      { ...server, id: 'missing', client_cert_filepath: '/missing.pem' },
    ];
    const certificates = new ClientCertificates(() => servers, clock, {
      readFile: async (path) => {
        const text = files[path];
        if (text === undefined) throw new Error('ENOENT');
        return Buffer.from(text);
      },
    });
    expect(certificates.endOf('siem')).toBeUndefined();
    await certificates.look();
    expect(servers.map(({ id }) => certificates.endOf(id))).toEqual([
      clock.startMs + 20 * dayMs,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('that are renewed in their files count a few minutes later, without a reload', async () => {
    let pem = pemUntil(clock.startMs + 2 * dayMs);
    const certificates = new ClientCertificates(() => [server], clock, {
      readFile: async () => Buffer.from(pem),
    });
    const stop = new AbortController();
    const running = certificates.run(stop.signal);
    await clock.sleep(60_000, stop.signal);
    expect(certificates.endOf('siem')).toBe(clock.startMs + 2 * dayMs);
    pem = pemUntil(clock.startMs + 400 * dayMs);
    await clock.sleep(600_000, stop.signal);
    expect(certificates.endOf('siem')).toBe(clock.startMs + 400 * dayMs);
    stop.abort();
    await running;
  });
});
