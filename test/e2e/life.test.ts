import { rename, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDuo, type DuoSimulator } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import {
  forward,
  hasSignals,
  makeWorkplace,
  start,
  stoppedGently,
  until,
  type Running,
  type Workplace,
} from '../helpers/program.ts';

let duo: DuoSimulator;
let siem: StreamReceiver;
let workplace: Workplace;
let programs: Running[];
let serial = 1;

beforeEach(async () => {
  duo = await startDuo({ visibleDelayMs: 0 });
  siem = await startTcpReceiver();
  const server = { id: 'siem', protocol: 'TCP', port: siem.port, endpoints: ['auth'] } as const;
  workplace = await makeWorkplace(duo, [server]);
  programs = [];
  add(10);
});

afterEach(async () => {
  await Promise.all(programs.map((program) => program.kill('SIGKILL')));
  await Promise.all([duo.close(), siem.stop()]);
  await workplace.remove();
});

function add(count: number): void {
  duo.add(
    'auth',
    makeEvents('auth', { count, fromMs: Date.now() - 500, stepMs: 0, firstSerial: serial }),
  );
  serial += count;
}

function run(...more: string[]): Running {
  const program = forward(workplace, ...more);
  programs.push(program);
  return program;
}

const arrived = (count: number): Promise<void> =>
  until(`${count} lines`, () => siem.lines().length >= count);

describe('the program', () => {
  it('starts while the SIEM is down, delivers when it comes, and ends with 0 when told to', async () => {
    await siem.stop();
    const program = run();
    await until('the warning', async () => (await workplace.log()).includes('server_refused'));
    await siem.start();
    await arrived(10);
    expect(await program.kill('SIGTERM')).toBe(stoppedGently);
    expect(siem.lines()).toHaveLength(10);
    const log = await workplace.log();
    expect(log).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO duologsync starts /);
    if (hasSignals) expect(log).toContain('duologsync has stopped');
    expect(log).not.toContain(duo.account.skey);
  });

  it('goes on where it stopped: nothing twice, nothing missing', async () => {
    const first = run();
    await arrived(10);
    await first.kill('SIGINT');
    add(7);
    run();
    await arrived(17);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(siem.lines()).toHaveLength(17);
  });

  it('refuses a second process on the same state, and takes over from a killed one', async () => {
    const first = run();
    await arrived(10);
    const second = run();
    expect(await second.ended).toBe(75);
    expect(second.stderr()).toContain(String(first.process.pid));
    await first.kill('SIGKILL');
    add(5);
    run();
    await arrived(15);
  });

  it.runIf(hasSignals)(
    'leaves at once on the second signal, although the SIEM never answers',
    async () => {
      siem.behaviour.onHalfClose = 'never';
      const program = run();
      await arrived(10);
      program.process.kill('SIGTERM');
      await until('the first signal', async () => (await workplace.log()).includes('Stopping'));
      const before = Date.now();
      expect(await program.kill('SIGTERM')).toBe(143);
      expect(Date.now() - before).toBeLessThan(5_000);
    },
  );

  it.runIf(hasSignals)('writes a new log after logrotate and SIGHUP', async () => {
    const program = run();
    await arrived(10);
    await rename(workplace.logFile, `${workplace.logFile}.old`);
    program.process.kill('SIGHUP');
    await until('a new file', () =>
      stat(workplace.logFile).then(
        () => true,
        () => false,
      ),
    );
    await program.kill('SIGTERM');
    expect(await workplace.log()).toContain('duologsync has stopped');
  });

  it('reads all there is once, and ends', async () => {
    const program = run('--once');
    expect(await program.ended).toBe(0);
    expect(siem.lines()).toHaveLength(10);
  });

  it('prints events and nothing else on standard output, and remembers nothing', async () => {
    const program = start(['run', '--once', '--stdout', workplace.configFile]);
    programs.push(program);
    expect(await program.ended).toBe(0);
    const lines = program.stdout().trimEnd().split('\n');
    expect(lines.map((line) => typeof JSON.parse(line))).toEqual(Array(10).fill('object'));
    expect(siem.lines()).toHaveLength(0);
    await expect(stat(workplace.state)).rejects.toThrow();
  });
});
