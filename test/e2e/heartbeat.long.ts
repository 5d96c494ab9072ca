import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { type DuoSimulator, startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import {
  startTcpReceiver,
  startTlsReceiver,
  startUdpReceiver,
  type StreamReceiver,
  type UdpReceiver,
} from '../../src/simulator/siem.ts';
import type { Snapshot } from '../../src/status/snapshot.ts';
import { duologsync } from '../cli/commands/running.ts';
import {
  forward,
  hasSignals,
  makeWorkplace,
  type Running,
  stoppedGently,
  until,
  type Workplace,
} from '../helpers/program.ts';

const dayMs = 86_400_000;
const protocols = ['TCP', 'TCPSSL', 'UDP'] as const;
const formats = ['JSON', 'CEF'] as const;

interface Heartbeat {
  readonly eventtype: string;
  readonly number: number;
  readonly state: string;
}

let duo: DuoSimulator;
let receivers: Record<(typeof protocols)[number], StreamReceiver | UdpReceiver>;
let workplace: Workplace;
let program: Running;
let tcp: StreamReceiver;
let serial = 1;
let original: string | undefined;

const endsMs = Math.floor(Date.now() / 1000) * 1000 + 12 * dayMs;

beforeEach(async () => {
  const authority = createAuthority();
  duo = await startDuo({ visibleDelayMs: 0, authority });
  tcp = await startTcpReceiver();
  receivers = {
    TCP: tcp,
    TCPSSL: await startTlsReceiver({ authority, names: ['localhost'], validToMs: endsMs }),
    UDP: await startUdpReceiver(),
  };
  workplace = await makeWorkplace(
    duo,
    protocols.flatMap((protocol) =>
      formats.map((format) => ({
        ...{ id: `${protocol}-${format}`, protocol, format, port: receivers[protocol].port },
        // The server of the outage repeats nothing that was confirmed before it.
        more: `{heartbeat}${protocol === 'UDP' ? '' : '\n    replay_groups: 0'}`,
        hostname: protocol === 'UDP' ? '127.0.0.1' : 'localhost',
        endpoints: ['auth'],
      })),
    ),
  );
  original = undefined;
  add(3);
});

afterEach(async () => {
  await program.kill('SIGKILL');
  await Promise.all([duo.close(), ...Object.values(receivers).map((one) => one.stop())]);
  await workplace.remove();
});

function add(count: number): void {
  const plan = { count, fromMs: Date.now() - 500, stepMs: 0, firstSerial: serial };
  duo.add('auth', makeEvents('auth', plan));
  serial += count;
}

/** `heartbeat_seconds: 10` for every server, or no line. */
async function setHeartbeat(line: string): Promise<void> {
  original ??= await readFile(workplace.configFile, 'utf8');
  await writeFile(workplace.configFile, original.replaceAll('{heartbeat}', line));
}

const textsAt = (protocol: (typeof protocols)[number]): string[] =>
  receivers[protocol].lines().map((line) => line.toString('utf8'));
const isHeartbeat = (line: string): boolean =>
  line.includes('"eventtype": "duologsync_heartbeat"') || line.includes('|duologsync.heartbeat|');
const beatsAt = (protocol: (typeof protocols)[number], format?: 'JSON' | 'CEF'): string[] =>
  textsAt(protocol).filter(
    (line) =>
      isHeartbeat(line) && (format === undefined || line.startsWith('{') === (format === 'JSON')),
  );
const eventsAt = (protocol: (typeof protocols)[number]): string[] =>
  textsAt(protocol).filter((line) => !isHeartbeat(line));

async function snapshot(): Promise<{ readonly exit: unknown; readonly told: Snapshot }> {
  const { code: exit, out } = await duologsync(['status', workplace.configFile, '--json']);
  return { exit, told: JSON.parse(out) as Snapshot };
}

describe('heartbeats of the running program', () => {
  it('arrive over TCP, TLS and UDP in JSON and CEF, go on after an outage, and repeat nothing', async () => {
    await setHeartbeat('heartbeat_seconds: 10');
    program = forward(workplace);
    for (const protocol of protocols) {
      for (const format of formats) {
        await until(`${protocol} ${format}`, () => beatsAt(protocol, format).length > 0);
      }
      await until(`events over ${protocol}`, () => eventsAt(protocol).length === 6);
    }
    const [first = ''] = beatsAt('TCPSSL', 'JSON');
    expect(JSON.parse(first)).toMatchObject({
      eventtype: 'duologsync_heartbeat',
      host: 'localhost',
      server: 'TCPSSL-JSON',
      state: 'healthy',
      number: 1,
      every_seconds: 10,
    } satisfies Partial<Heartbeat> & Record<string, unknown>);
    expect(beatsAt('UDP', 'CEF')[0]).toMatch(
      / CEF:0\|Duo Security\|DuoLogSync\|[^|]+\|duologsync\.heartbeat\|duologsync heartbeat\|1\|rt=\d{13} cat=duologsync_heartbeat /,
    );

    await tcp.stop();
    const before = beatsAt('TCP').length;
    await until(
      'a heartbeat to be dropped',
      async () =>
        ((await snapshot()).told.servers.find(({ id }) => id === 'TCP-JSON')?.heartbeat?.dropped ??
          0) > 0,
      40_000,
      500,
    );
    await tcp.start();
    await until('heartbeats to go on', () => beatsAt('TCP', 'JSON').length > 1, 25_000);
    add(2);
    await until('the new events', () => eventsAt('TCP').length === 10);

    expect(beatsAt('TCP').length).toBeGreaterThan(before);
    const numbers = beatsAt('TCP', 'JSON').map((line) => (JSON.parse(line) as Heartbeat).number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    for (const protocol of protocols) {
      const lines = textsAt(protocol);
      expect(new Set(lines).size, `lines over ${protocol}`).toBe(lines.length);
    }
    const log = await workplace.log();
    expect(log).toContain('No heartbeat goes to the server');
    expect(log).toContain('Heartbeats go to the server again');
    if (hasSignals) expect(await program.kill('SIGTERM')).toBe(stoppedGently);
  }, 120_000);

  it('begin and end with a reload, and the certificate of the server is a warning 30 days ahead', async () => {
    await setHeartbeat('max_events_per_second: 500');
    program = forward(workplace);
    await until('the events', () => eventsAt('TCPSSL').length === 6);
    await until('all to be well', async () => (await snapshot()).exit === 0);
    const { told } = await snapshot();
    expect(told.state).toBe('healthy');
    expect(told.problems).toMatchObject([
      {
        kind: 'certificate',
        severity: 'warning',
        what: expect.stringContaining('TCPSSL-JSON') as string,
      },
      { kind: 'certificate', what: expect.stringContaining('TCPSSL-CEF') as string },
    ]);
    expect(told.servers.find(({ id }) => id === 'TCPSSL-CEF')?.certificate_ends).toBe(
      new Date(endsMs).toISOString(),
    );
    await until('the log to tell it', async () =>
      (await workplace.log()).includes('code=certificate_ends'),
    );
    expect(beatsAt('TCP')).toEqual([]);

    await setHeartbeat('max_events_per_second: 500\n    heartbeat_seconds: 10');
    const reloaded = await duologsync(['reload', workplace.configFile]);
    expect(reloaded.code).toBe(0);
    expect(reloaded.out).toContain('0 feeds changed, 6 undisturbed');
    await until('the first heartbeats', () => protocols.every((one) => beatsAt(one).length === 2));
    await setHeartbeat('max_events_per_second: 500');
    expect((await duologsync(['reload', workplace.configFile])).code).toBe(0);
    expect((await snapshot()).told.servers.map(({ heartbeat }) => heartbeat)).toEqual(
      Array(6).fill(null),
    );
    expect(eventsAt('TCP')).toHaveLength(6);
  }, 60_000);

  it('hold up no end, though their server never answers the handshake', async () => {
    let accepted = 0;
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => {
      accepted += 1;
      sockets.add(socket.on('error', () => undefined));
    });
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as AddressInfo;
    const place = { hostname: '127.0.0.1', port, endpoints: ['telephony'] };
    await workplace.remove();
    workplace = await makeWorkplace(duo, [
      { id: 'mute', protocol: 'TCPSSL', more: 'heartbeat_seconds: 10', ...place },
    ]);
    program = forward(workplace);
    await until('the handshake to hang', () => accepted > 0);
    const beginMs = Date.now();
    expect(await program.kill('SIGTERM')).toBe(stoppedGently);
    expect(Date.now() - beginMs).toBeLessThan(8_000);
    for (const socket of sockets) socket.destroy();
    mute.close();
  }, 60_000);

  it('are none of a run that ends when all is read', async () => {
    await setHeartbeat('heartbeat_seconds: 10');
    program = forward(workplace, '--once');
    expect(await program.ended).toBe(0);
    expect(eventsAt('TCP')).toHaveLength(6);
    expect(protocols.flatMap((protocol) => beatsAt(protocol))).toEqual([]);
  }, 60_000);
});

const isSilent = async (): Promise<boolean> =>
  (await snapshot()).told.problems.some(({ kind }) => kind === 'silence');

describe('a log that has no event for hours', () => {
  it('is a problem of the status and a line of the log, until there is one', async () => {
    await setHeartbeat('max_events_per_second: 500');
    const text = await readFile(workplace.configFile, 'utf8');
    // Two seconds.
    const hours = 'dls_settings:\n  alert_after: {auth: 0.00056}';
    await writeFile(workplace.configFile, text.replace('dls_settings:', hours));
    program = forward(workplace);
    await until('the start', async () => (await workplace.log()).includes('The feed'));
    await until('the silence', isSilent);
    expect((await snapshot()).exit).toBe(1);
    await until('the log to tell it', async () =>
      (await workplace.log()).includes('A log has become silent'),
    );
    const isOver = async (): Promise<boolean> => {
      add(1);
      return !(await isSilent());
    };
    await until('its end', isOver, 30_000, 500);
  }, 60_000);
});
