import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { endpoints } from '../../src/endpoints/index.ts';
import type { JsonValue } from '../../src/core/types.ts';
import { cef } from '../../src/formatters/cef.ts';
import { createAuthority, type IssuedCertificate } from '../../src/simulator/certificates.ts';
import { makeEvents, specOf } from '../../src/simulator/history.ts';
import type { EventSpec } from '../../src/simulator/store.ts';
import { parseCef } from '../formatters/cef-parser.ts';
import { eventOf, options, origin, textOf } from '../formatters/events.ts';
import { duologsync } from '../cli/commands/running.ts';
import type { Collector } from '../helpers/collector.ts';
import { until, type Workplace } from '../helpers/program.ts';
import { debianRsyslog, type RsyslogOptions, startRsyslog } from '../helpers/rsyslog.ts';
import {
  expectDrained,
  expectArrived,
  expectStored,
  forwardUntilStored,
  type Log,
  running,
  startSource,
  stateText,
  tlsFor,
  untilStored,
  workplaceFor,
} from './real-receiver.ts';

const timeout = 120_000;

async function rsyslog(settings?: RsyslogOptions): Promise<Collector> {
  const collector = await startRsyslog(settings);
  onTestFinished(() => collector.stop());
  return collector;
}

// Debian's packages are the one way to a receiver that needs no root.
describe.runIf(process.platform === 'linux')('The real rsyslog', { timeout }, () => {
  // What unpacks holds this process, and a Duo or a program that runs meanwhile would wait for it.
  beforeAll(() => void debianRsyslog(), 600_000);

  it.each(['imtcp', 'imptcp'] as const)(
    'stores every event once, byte for byte, and closes after us (%s)',
    async (input) => {
      const source = await startSource(5_000);
      const long = { count: 40, fromMs: Date.now() - 60_000, firstSerial: 90_001, letter: 'z' };
      source.add('activity', makeEvents('activity', { ...long, bodyBytes: 60_000 }));
      const siem = await rsyslog({ input });
      const workplace = await workplaceFor(source, siem, { protocol: 'TCP' });
      await forwardUntilStored(workplace, siem, 5_040);
      await expectStored(siem, source.jsonLines);
      await expectDrained(workplace, 'TCP', siem.port);
    },
  );

  it.each(['gtls', 'ossl'] as const)(
    'stores every event once over TLS with its driver %s',
    async (driver) => {
      const source = await startSource(2_000);
      const siem = await rsyslog({ tls: { driver, ...tlsFor(source.authority, false) } });
      const workplace = await workplaceFor(source, siem, { protocol: 'TCPSSL' });
      await forwardUntilStored(workplace, siem, 2_000);
      await expectStored(siem, source.jsonLines);
      await expectDrained(workplace, 'TCPSSL', siem.port);
    },
  );

  describe.each(['gtls', 'ossl'] as const)(
    'asking for certificates with its driver %s',
    (driver) => {
      it('takes every event once from who has one', async () => {
        const source = await startSource(5_000);
        const siem = await rsyslog({ tls: { driver, ...tlsFor(source.authority, true) } });
        const file = join(siem.folder, 'client.pem');
        await putPair(file, source.authority.issue({ names: ['forwarder'], client: true }));
        const workplace = await workplaceFor(source, siem, { protocol: 'TCPSSL' }, pairAt(file));
        await forwardUntilStored(workplace, siem, 5_000);
        await expectStored(siem, source.jsonLines);
        await expectDrained(workplace, 'TCPSSL', siem.port);
      });

      it.each([
        ['from another authority', createAuthority(), {}],
        ['that has expired', undefined, { validToMs: Date.now() - 60_000 }],
      ] as const)(
        'refuses one %s: it is named, nothing counts as sent, and the right one helps by itself',
        async (_what, stranger, validity) => {
          const source = await startSource(2_000);
          const { authority } = source;
          const siem = await rsyslog({ tls: { driver, ...tlsFor(authority, true) } });
          const request = { names: ['forwarder'], client: true };
          const file = join(siem.folder, 'client.pem');
          await putPair(file, (stranger ?? authority).issue({ ...request, ...validity }));
          const workplace = await workplaceFor(source, siem, { protocol: 'TCPSSL' }, pairAt(file));
          const program = running(workplace);
          await until('trouble', async () => (await workplace.log()).includes('trouble'));
          // Some more tries.
          await new Promise((resolve) => setTimeout(resolve, 3_000));
          expect(await workplace.log()).toMatch(
            /code=tls_client_certificate_refused .* hint="Set client_cert_filepath and client_key/,
          );
          expect(await siem.lines()).toEqual([]);

          await putPair(file, authority.issue(request));
          await untilStored(program, workplace, siem, 2_000);
          expect(await program.kill('SIGTERM')).toBe(0);
          const log = await workplace.log();
          const codes = new Set(
            Array.from(log.matchAll(/code=(server_\w+|tls_\w+)/g), ([, code]) => code),
          );
          // rsyslog's ossl driver broke a connection of the right certificate once in some hundred runs.
          const broke = codes.size > 1;
          if (broke) await expectArrived(siem, source.jsonLines, 2_000);
          else await expectStored(siem, source.jsonLines);
          expect(log).toContain('server is back');
        },
      );
    },
  );

  it('reads our CEF as it was meant, whatever stands in the events', async () => {
    const source = await startSource(2_000);
    for (const [log, file] of synthetic) source.add(log, datedRows(log, file));
    const siem = await rsyslog({
      rulebase: 'version=2\nrule=:%date:date-rfc3164% %host:word% %cef:cef%\n',
    });
    const server = { protocol: 'TCP', format: 'CEF' } as const;
    const workplace = await workplaceFor(source, siem, server, ['cef_leading_space: true']);
    await forwardUntilStored(workplace, siem, source.rows.length);

    const formatter = cef.create({ ...options, cefLeadingSpace: true });
    const expected = source.rows.map(({ log, row }) =>
      withoutPrefix(textOf(formatter.format(eventOf(row), origin, endpoints[log].profile))),
    );
    const stored = (await siem.lines()).map((line) => line.toString('utf8').split('\t'));
    const lines = stored.map(([line = '']) => withoutPrefix(line));
    expect(lines.sort()).toEqual(expected.sort());
    for (const [line = '', read = ''] of stored) {
      const { prefix, header, pairs } = parseCef(line.replace('|5| ', '|5|'));
      expect(JSON.parse(read), line).toEqual({
        date: prefix.slice(0, 15),
        host: prefix.slice(16).trimEnd(),
        cef: {
          DeviceVendor: header[1],
          DeviceProduct: header[2],
          DeviceVersion: header[3],
          SignatureID: header[4],
          Name: header[5],
          Severity: header[6],
          Extensions: Object.fromEntries(pairs),
        },
      });
    }
  });

  it.each([
    ['imtcp', 'JSON'],
    ['imtcp', 'CEF'],
    ['gtls', 'CEF'],
    ['imudp', 'JSON'],
  ] as const)(
    'stores a test event and heartbeats beside the events (%s, %s)',
    async (input, format) => {
      const source = await startSource(40);
      const tls = { driver: 'gtls', ...tlsFor(source.authority, false) } as const;
      const siem = await rsyslog(input === 'gtls' ? { tls } : { input });
      const protocol = ({ imtcp: 'TCP', gtls: 'TCPSSL', imudp: 'UDP' } as const)[input];
      const more = ['heartbeat_seconds: 10'];
      const workplace = await workplaceFor(source, siem, { protocol, format }, more);
      const beats = async (): Promise<string[]> =>
        (await siem.lines()).map(String).filter((line) => /duologsync[._]heartbeat/.test(line));
      const program = running(workplace);
      await until('two heartbeats', async () => (await beats()).length >= 2, 40_000);
      await untilStored(program, workplace, siem, 42);
      const checked = await duologsync(['check', workplace.configFile, '--send-test', '--json']);
      expect(checked.code, checked.out + checked.err).toBe(0);
      const [id = 'none'] = /duologsync-test-[\w-]+/.exec(checked.out) ?? [];
      await until('the test event', async () => (await siem.lines()).join().includes(id));
      expect(await program.kill('SIGTERM')).toBe(0);
      expect((await beats())[0]).toMatch(
        format === 'CEF' ? /CEF:0\|.*\|duologsync\.heartbeat\|/ : /^\{.*\}$/,
      );
      const others = (await siem.lines()).filter(
        (line) => !/duologsync[._](heartbeat|test)/.test(line.toString()),
      );
      expect(others).toHaveLength(40);
    },
  );

  it('gets every datagram at the default pace; what no datagram holds is put aside', async () => {
    const source = await startSource(2_000);
    const giant = { count: 1, fromMs: Date.now() - 3_600_000, letter: 'z', bodyBytes: 70_000 };
    source.duo.add('auth', makeEvents('auth', giant));
    const siem = await rsyslog({ input: 'imudp' });
    const workplace = await workplaceFor(source, siem, { protocol: 'UDP' });
    const program = running(workplace);
    await untilStored(program, workplace, siem, 2_000);
    await until('the dead letter', async () => (await deadLetters(workplace)).length > 0);
    expect(await program.kill('SIGTERM')).toBe(0);
    await expectStored(siem, source.jsonLines);
    expect(await deadLetters(workplace)).toMatchObject([
      { server: 'siem', reason: 'oversize', text: expect.stringContaining('z00000001') as string },
    ]);
    expect(await workplace.log()).toMatch(/WARNING .*put aside feed="auth > siem"/);
  });
});

const synthetic: readonly (readonly [Log, string])[] = [
  ['auth', 'auth-factors-reasons.jsonl'],
  ['auth', 'auth-edge.jsonl'],
  ['activity', 'activity-actions.jsonl'],
  ['adminaction', 'administrator-actions.jsonl'],
  ['telephony', 'telephony-edge.jsonl'],
];

/** The rows of a file with times of today, a second apart, and ids of their own: some have none. */
function datedRows(log: Log, file: string): EventSpec[] {
  const url = new URL(`../cases/formats/synthetic/${file}`, import.meta.url);
  const texts = readFileSync(url, 'utf8').trimEnd().split('\n');
  return texts.map((text, index) => {
    const time = new Date(Date.now() - 3_600_000 + index * 1_000);
    const row = JSON.parse(text) as Record<string, JsonValue>;
    const id = `${file} ${index}`;
    const iso = time.toISOString();
    const more = {
      auth: { isotimestamp: iso, txid: id },
      telephony: { ts: iso, telephony_id: id },
      activity: { ts: iso, activity_id: id },
      adminaction: { timestamp: Math.floor(time.getTime() / 1000) },
    };
    return specOf(log, JSON.stringify({ ...row, ...more[log] }));
  });
}

function withoutPrefix(line: string): string {
  return line.slice(line.indexOf('CEF:0|'));
}

async function deadLetters(workplace: Workplace): Promise<unknown[]> {
  const lines = (await stateText(workplace, 'dead-letters.jsonl')).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as unknown);
}

function pairAt(file: string): string[] {
  return [`client_cert_filepath: '${file}'`, `client_key_filepath: '${file}'`];
}

/** Both in one file, replaced at once. */
async function putPair(file: string, { certPem, keyPem }: IssuedCertificate): Promise<void> {
  await writeFile(`${file}.new`, certPem + keyPem, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
