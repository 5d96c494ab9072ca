import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, type CheckOptions } from '../../../src/cli/commands/check.ts';
import type { JsonObject } from '../../../src/core/types.ts';
import { createAuthority } from '../../../src/simulator/certificates.ts';
import { type DuoSimulator, startDuo } from '../../../src/simulator/duo-server.ts';
import {
  startTcpReceiver,
  startTlsReceiver,
  startUdpReceiver,
  type StreamReceiver,
  type UdpReceiver,
} from '../../../src/simulator/siem.ts';
import { makeWorkplace, until, type Workplace } from '../../helpers/program.ts';
import { fakeIo } from '../fake-io.ts';

const endpoints = ['auth'] as const;
let duo: DuoSimulator;
let [tcp, tls]: StreamReceiver[] = [];
let udp: UdpReceiver;
let archive: string;
let workplace: Workplace;

beforeEach(async () => {
  const authority = createAuthority();
  duo = await startDuo({ visibleDelayMs: 0 });
  [tcp, tls] = [
    await startTcpReceiver(),
    await startTlsReceiver({ authority, names: ['localhost'] }),
  ];
  udp = await startUdpReceiver();
  archive = join(await mkdtemp(join(tmpdir(), 'duologsync-test-events-')), 'archive');
  workplace = await makeWorkplace(duo, [
    { id: 'json', protocol: 'TCP', port: tcp.port, endpoints },
    { id: 'cef', protocol: 'TCPSSL', port: tls.port, format: 'CEF', endpoints },
    { id: 'grams', protocol: 'UDP', port: udp.port, endpoints },
    { id: 'disk', protocol: 'FILE', directory: archive, endpoints },
  ]);
  await writeFile(join(workplace.folder, 'ca.pem'), `${duo.certPem}\n${authority.certPem}`);
});
afterEach(async () => {
  for (const receiver of [tcp, tls, udp]) await receiver?.stop();
  await duo.close();
  await workplace.remove();
  await rm(join(archive, '..'), { recursive: true, force: true });
});

async function run(options: CheckOptions) {
  const io = fakeIo();
  const code = await check(workplace.configFile, options, io);
  return { code, out: io.out(), err: io.err() };
}

describe('check --send-test', () => {
  it('sends each server a marked event in its format, and says how sure it is', async () => {
    const { code, out } = await run({ sendTest: true });
    expect(code).toBe(0);
    const ids = [...out.matchAll(/ok {4}test event {3}(duologsync-test-[0-9a-f]{8}): (.*)$/gm)];
    expect(ids.map(([, , words]) => words)).toEqual([
      'confirmed: the server has read it and closed the connection',
      'confirmed: the server has read it and closed the connection',
      'sent as a datagram, which nobody confirms',
    ]);
    const [json = '', cef = '', gram = ''] = ids.map(([, id = '']) => id);
    expect(new Set([json, cef, gram]).size).toBe(3);
    await until('the datagram', () => udp.lines().length === 1);
    const [first] = (tcp?.lines() ?? []).map(String);
    expect(JSON.parse(first ?? '')).toMatchObject({ test_id: json, eventtype: 'duologsync_test' });
    expect(tls?.lines().map(String)).toEqual([
      expect.stringMatching(new RegExp(`\\|duologsync\\.test\\|.*externalId=${cef} `)),
    ]);
    expect(udp.lines().map(String)[0]).toContain(gram);
    expect(out).toContain('Search the SIEM for these ids');
  });

  it('leaves an archive alone, because a test line would stay in it', async () => {
    const { out } = await run({ sendTest: true });
    expect(out).toContain('skip  test event   none: an archive would keep it');
    await expect(readdir(archive)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('sends nothing to a server that is not reached, and exits with 69', async () => {
    await tcp?.stop();
    const { code, out } = await run({ sendTest: true });
    expect(code).toBe(69);
    expect(out).toContain('skip  test event   none: the server was not reached');
    expect(out.match(/ok {4}test event/g)).toHaveLength(2);
  });

  it('names the id of an event that may have arrived although nothing confirms it', async () => {
    if (tcp !== undefined) tcp.behaviour.onHalfClose = 'reset';
    const { code, out } = await run({ sendTest: true });
    expect(code).toBe(69);
    expect(out).toMatch(/FAIL {2}test event .*\(server_reset\)/);
    expect(out).toMatch(/may have arrived all the same: duologsync-test-[0-9a-f]{8}\n/);
  });

  it('prints all of it as JSON', async () => {
    const { code, out } = await run({ sendTest: true, json: true });
    expect(code).toBe(0);
    const all = JSON.parse(out) as JsonObject;
    const id = expect.stringMatching(/^duologsync-test-/) as string;
    const detail = expect.any(String) as string;
    expect(all).toMatchObject({ failed: 0, total: expect.any(Number) as number });
    expect(all['test_events']).toEqual([
      { server: 'json', id, sent: true, confirmed: true, level: 'drained', detail },
      { server: 'cef', id, sent: true, confirmed: true, level: 'drained', detail },
      { server: 'grams', id, sent: true, confirmed: false, level: 'none', detail },
      { server: 'disk', id: null, sent: false, confirmed: false, level: null, detail },
    ]);
    expect(JSON.parse((await run({ json: true })).out)).not.toHaveProperty('test_events');
  });
});
