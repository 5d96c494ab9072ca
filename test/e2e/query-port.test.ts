import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type DuoSimulator, startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import { freeUdpPort } from '../helpers/free-udp-port.ts';
import { forward, makeWorkplace, type Running, until, type Workplace } from '../helpers/program.ts';

let duo: DuoSimulator;
let siem: StreamReceiver;
let port: number;
let workplace: Workplace;
let programs: Running[];

beforeEach(async () => {
  duo = await startDuo({ visibleDelayMs: 0 });
  siem = await startTcpReceiver();
  port = await freeUdpPort();
  const endpoints = ['auth', 'adminaction', 'telephony'];
  const servers = [{ id: 'siem', protocol: 'TCP', port: siem.port, endpoints } as const];
  const settings = [`query_port: ${port}`, "query_address: '127.0.0.1'"];
  workplace = await makeWorkplace(duo, servers, [], [], settings);
  programs = [];
  const plan = { count: 3, fromMs: Date.now() - 60_000, stepMs: 1_000, firstSerial: 1 };
  duo.add('auth', makeEvents('auth', plan));
});
afterEach(async () => {
  await Promise.all(programs.map((program) => program.kill('SIGKILL')));
  await Promise.all([duo.close(), siem.stop()]);
  await workplace.remove();
});

function run(): Running {
  const program = forward(workplace);
  programs.push(program);
  return program;
}

/** Asked again and again: the program may just be starting, and UDP promises nothing. */
async function ask(command: string, wanted: RegExp): Promise<string> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  let answer = '';
  socket.on('message', (datagram) => (answer = datagram.toString('utf8')));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  await until(`an answer to ${command} like ${wanted.source}`, () => {
    if (wanted.test(answer)) return true;
    socket.send(command, port, '127.0.0.1');
    return false;
  });
  return answer;
}

const line = (name: string): string =>
  `${name}: At \\d\\d:\\d\\d:\\d\\d up to \\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d count: [1-9]\\d* interval: 1\\n`;

describe('the query port of the running program', () => {
  it('tells how it is, stops a thread and starts it again', async () => {
    run();
    await until('three lines', () => siem.lines().length >= 3);
    const well = `^5 P0Ready\\n\\n${line('auth')}${line('admin')}${line('phone')}$`;
    const told = await ask('5 s', new RegExp(well));
    expect(told).toMatch(/phone: .* up to 70-01-01 00:00:00 /);
    expect(told).not.toMatch(/auth: .* up to 70-01-01/);
    await ask('thread auth stop', /^P2Thread auth terminated\n$|^P5Thread auth is not active\.\n$/);
    await ask('s', /^P0Ready\n\nauth: Idle\n/);
    const plan = { count: 1, fromMs: Date.now(), stepMs: 0, firstSerial: 10 };
    duo.add('auth', makeEvents('auth', plan));
    const [, cycles] = /admin: .* count: (\d+) /.exec(await ask('s', /admin/)) ?? [];
    await ask('s', new RegExp(`admin: .* count: ${Number(cycles) + 2} `));
    expect(siem.lines()).toHaveLength(3);
    await ask('thread auth start', /^P2Thread auth started\n$|already active/);
    await until('the line that came meanwhile', () => siem.lines().length === 4);
  });

  it('ends the start with the fix when the port is taken', async () => {
    const other = createSocket('udp4');
    onTestFinished(() => void other.close());
    other.bind(port, '127.0.0.1');
    await once(other, 'listening');
    const program = run();
    expect(await program.ended).toBe(75);
    expect(program.stderr()).toContain(`UDP port ${port} is taken by another program`);
    expect(program.stderr()).toContain('dls_settings.query_port');
  });
});
