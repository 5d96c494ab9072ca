import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DuoSimulator, startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import type { Snapshot } from '../../src/status/snapshot.ts';
import { duologsync } from '../cli/commands/running.ts';
import {
  forward,
  hasSignals,
  makeWorkplace,
  start,
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
  const endpoints = ['auth', 'activity'];
  workplace = await makeWorkplace(duo, [
    { id: 'siem', protocol: 'TCP', port: siem.port, endpoints },
  ]);
  programs = [];
  add(10);
});
afterEach(async () => {
  await Promise.all(programs.map((program) => program.kill('SIGKILL')));
  await Promise.all([duo.close(), siem.stop()]);
  await workplace.remove();
});

function add(count: number): void {
  const plan = { count, fromMs: Date.now() - 500, stepMs: 0, firstSerial: serial };
  duo.add('auth', makeEvents('auth', plan));
  serial += count;
}

function run(...more: string[]): Running {
  const program = forward(workplace, ...more);
  programs.push(program);
  return program;
}

/** In this process, because starting one for each look takes its time; the watched program is the built one. */
async function command(...argv: readonly string[]) {
  const { code: exit, out, err } = await duologsync(argv);
  return { exit, out, err };
}

async function snapshot(): Promise<{ readonly exit: unknown; readonly told: Snapshot }> {
  const { exit, out } = await command('status', workplace.configFile, '--json');
  return { exit, told: JSON.parse(out) as Snapshot };
}

const healthy = async (): Promise<boolean> => {
  const { exit, out } = await command('status', workplace.configFile, '--json');
  return (
    exit === 0 && (JSON.parse(out) as Snapshot).feeds.every((feed) => feed.phase === 'running')
  );
};

describe('the status of the running program', () => {
  it('counts what was delivered, names a server that is down with all that wait for it, and forgets it when it is back', async () => {
    run();
    await until('ten lines', () => siem.lines().length >= 10);
    await until('all to be well', healthy);
    const { told: before } = await snapshot();
    expect(before).toMatchObject({
      schema_version: 1,
      state: 'healthy',
      problems: [],
      totals: { feeds: 2, well: 2, delivered: 10, accounts: 1 },
      servers: [{ id: 'siem', level: 'drained', confirmed_lines: 10, feeds: 2, problem: null }],
    });
    const auth = before.feeds.find(({ endpoint }) => endpoint === 'auth');
    expect(auth).toMatchObject({ id: 'auth > siem', delivered: 10, errors: 0, problem: null });
    expect(auth?.last_hour.reduce((sum, count) => sum + count)).toBe(10);
    expect(auth?.last_event).not.toBeNull();
    expect(auth?.lag_seconds).not.toBeNull();
    expect(before.duo?.calls).toBeGreaterThan(0);

    await siem.stop();
    add(5);
    await until('the outage to be seen', async () => (await snapshot()).exit === 1);
    const { told: during } = await snapshot();
    expect(during.problems).toEqual([
      expect.objectContaining({
        kind: 'server',
        side: 'server',
        code: 'server_refused',
        what: `server siem (tcp://localhost:${siem.port})`,
        feeds: 2,
        remedy: expect.stringContaining('start the collector') as string,
        since: expect.stringMatching(/Z$/) as string,
      }),
    ]);
    expect(during.feeds.map(({ problem }) => problem)).toEqual([
      'server_refused',
      'server_refused',
    ]);
    const shown = await command('status', '--problems', '-c', workplace.configFile);
    expect(shown.exit).toBe(1);
    expect(shown.out).toContain(`✖ server siem (tcp://localhost:${siem.port}): `);

    await siem.start();
    await until('all to be well again', healthy);
    await until('the rest', async () => (await snapshot()).told.totals.delivered === 15);
  });

  it('is a line for each look in a pipe, until the reader or Ctrl-C ends it', async () => {
    run();
    await until('all to be well', healthy);
    const watching = start(['status', workplace.configFile, '--watch', '--every', '1']);
    programs.push(watching);
    await until('three lines', () => watching.stdout().split('\n').length > 3);
    expect(watching.stdout()).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}Z healthy: 2 feeds; /);
    if (hasSignals) expect(await watching.kill('SIGINT')).toBe(0);
  });

  it('is still to be had when the config file is broken, and tells so once it was asked to reload', async () => {
    run();
    await until('all to be well', healthy);
    const good = await readFile(workplace.configFile, 'utf8');
    await writeFile(workplace.configFile, good.replace('servers:', 'servers: ['));
    expect((await snapshot()).exit).toBe(0);
    expect((await command('reload', workplace.configFile)).exit).toBe(78);
    const { exit, told } = await snapshot();
    expect(exit).toBe(1);
    expect(told.problems).toEqual([
      expect.objectContaining({ side: 'config', code: 'config_invalid' }),
    ]);
    expect((await command('stop', workplace.configFile, '--wait')).exit).toBe(0);
  });

  it.runIf(hasSignals)('says plainly that the program is paused', async () => {
    const program = run();
    await until('all to be well', healthy);
    program.process.kill('SIGSTOP');
    const { exit, err } = await command('status', workplace.configFile);
    program.process.kill('SIGCONT');
    expect(exit).toBe(69);
    expect(err).toContain('runs but does not answer');
    await until('it to answer again', healthy);
  });
});
