import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createAuthority } from '../../src/simulator/certificates.ts';
import type { Collector, CollectorTls } from '../helpers/collector.ts';
import { until } from '../helpers/program.ts';
import { debianSyslogNg, startSyslogNg } from '../helpers/syslog-ng.ts';
import {
  expectDrained,
  expectStored,
  forwardUntilStored,
  running,
  startSource,
  tlsFor,
  workplaceFor,
} from './real-receiver.ts';

const timeout = 120_000;

async function syslogNg(tls?: CollectorTls): Promise<Collector> {
  const collector = await startSyslogNg(tls);
  onTestFinished(() => collector.stop());
  return collector;
}

// Debian's packages are the one way to a receiver that needs no root.
describe.runIf(process.platform === 'linux')('The real syslog-ng', { timeout }, () => {
  // What unpacks holds this process, and a Duo or a program that runs meanwhile would wait for it.
  beforeAll(() => void debianSyslogNg(), 600_000);

  it('stores every event once, byte for byte, and closes after us', async () => {
    const source = await startSource(5_000);
    const siem = await syslogNg();
    const workplace = await workplaceFor(source, siem, { protocol: 'TCP' });
    await forwardUntilStored(workplace, siem, 5_000);
    await expectStored(siem, source.jsonLines);
    await expectDrained(workplace, 'TCP', siem.port);
  });

  it.each([
    ['asks no client for a certificate', false],
    ['asks for a certificate of its authority', true],
  ])('stores every event once over TLS when it %s', async (_what, clientsToo) => {
    const source = await startSource(5_000);
    const siem = await syslogNg(tlsFor(source.authority, clientsToo));
    const pair = source.authority.issue({ names: ['forwarder'], client: true });
    const file = join(siem.folder, 'client.pem');
    await writeFile(file, pair.certPem + pair.keyPem);
    const more = [`client_cert_filepath: '${file}'`, `client_key_filepath: '${file}'`];
    const server = { protocol: 'TCPSSL' } as const;
    const workplace = await workplaceFor(source, siem, server, clientsToo ? more : []);
    await forwardUntilStored(workplace, siem, 5_000);
    await expectStored(siem, source.jsonLines);
    await expectDrained(workplace, 'TCPSSL', siem.port);
  });

  it('that shows a certificate of an unknown authority is named, and nothing counts as sent', async () => {
    const source = await startSource(400);
    const siem = await syslogNg(tlsFor(createAuthority(), false));
    const workplace = await workplaceFor(source, siem, { protocol: 'TCPSSL' });
    const program = running(workplace);
    await until('trouble', async () => (await workplace.log()).includes('trouble'));
    expect(await workplace.log()).toMatch(/code=tls_untrusted .* hint="Put the authority's cert/);
    await program.kill('SIGKILL');
    expect(await siem.lines()).toEqual([]);
  });
});
