import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BackfillProgress } from '../../src/backfill/progress.ts';
import { main } from '../../src/cli/program.ts';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { type DuoSimulator, startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents, serialIn } from '../../src/simulator/history.ts';
import { startTcpReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import type { Snapshot } from '../../src/status/snapshot.ts';
import { duologsync } from '../cli/commands/running.ts';
import { fakeIo } from '../cli/fake-io.ts';
import { forward, makeWorkplace, type Running, until, type Workplace } from '../helpers/program.ts';

const dayMs = 86_400_000;
const startMs = Math.floor(Date.now() / 1_000) * 1_000;
const sinceMs = startMs - 9 * dayMs;
const untilMs = startMs - 8 * dayMs;

let duo: DuoSimulator;
let siem: StreamReceiver;
let cef: StreamReceiver;
let workplace: Workplace;
let programs: Running[];

beforeEach(async () => {
  duo = await startDuo({ authority: createAuthority(), visibleDelayMs: 0 });
  [siem, cef] = await Promise.all([startTcpReceiver(), startTcpReceiver()]);
  const endpoints = ['auth', 'adminaction'];
  workplace = await makeWorkplace(
    duo,
    [
      { id: 'siem', protocol: 'TCP', port: siem.port, endpoints },
      { id: 'cef', protocol: 'TCP', port: cef.port, endpoints: ['auth'], format: 'CEF' },
    ],
    ['requests_per_minute: 6000'],
  );
  programs = [];
  // 300 of the day that is asked for, and one right before and one right behind it.
  const plan = { count: 302, stepMs: dayMs / 300, fromMs: sinceMs - dayMs / 300 };
  const exact = { at: (i: number) => plan.fromMs + i * plan.stepMs };
  duo.add('auth', makeEvents('auth', { ...plan, ...exact, letter: 'a' }));
  duo.add('adminaction', makeEvents('adminaction', { ...plan, ...exact, letter: 'm' }));
});
afterEach(async () => {
  await Promise.all(programs.map((program) => program.kill('SIGKILL')));
  await Promise.all([duo.close(), siem.stop(), cef.stop()]);
  await workplace.remove();
});

const at = (ms: number): string => new Date(ms).toISOString();
const range = ['--since', at(sinceMs), '--until', at(untilMs)];
const serials = (receiver: StreamReceiver, letter: string): string[] =>
  receiver
    .lines()
    .map((line) => serialIn(line.toString()) ?? '')
    .filter((serial) => serial.startsWith(letter))
    .sort();
const wanted = (letter: string): string[] =>
  Array.from({ length: 300 }, (_, i) => `${letter}${String(i + 2).padStart(8, '0')}`);
const command = (...argv: readonly string[]) =>
  duologsync(['backfill', workplace.configFile, ...argv]);
const told = (out: string): BackfillProgress => JSON.parse(out) as BackfillProgress;

async function run(): Promise<Running> {
  const program = forward(workplace);
  programs.push(program);
  await until('the live feeds', () =>
    ['auth', 'adminaction'].every((log) => duo.journal.some(({ endpoint }) => endpoint === log)),
  );
  return program;
}

describe('a backfill by the running program', () => {
  it('sends exactly the range in each server’s format, while live events go on', async () => {
    await run();
    duo.add(
      'auth',
      makeEvents('auth', { count: 5, fromMs: Date.now() - 500, stepMs: 0, letter: 'l' }),
    );
    const { code, out, err } = await command(...range, '--json');
    expect(err).toBe('');
    expect([code, told(out).state]).toEqual([0, 'done']);
    expect(told(out)).toMatchObject({ sent: 900, set_aside: 0, problems: [], notes: [] });
    expect(serials(siem, 'a')).toEqual(wanted('a'));
    expect(serials(siem, 'm')).toEqual(wanted('m'));
    expect(serials(cef, 'a')).toEqual(wanted('a'));
    await until('the live events', () => serials(siem, 'l').length === 5);
    const status = await duologsync(['status', workplace.configFile]);
    expect(status.code).toBe(0);
    // The live feeds' places are two days ago and later.
    const list = await duologsync(['checkpoint', 'list', workplace.configFile, '--json']);
    const positions = JSON.parse(list.out) as { readonly feeds?: unknown };
    expect(JSON.stringify(positions)).not.toContain(at(sinceMs).slice(0, 10));
  });

  it('is done for the same command, and sent again with --restart', async () => {
    await run();
    const only = ['--endpoint', 'auth', '--to', 'siem'];
    expect((await command(...range, ...only)).code).toBe(0);
    const again = await command(...range, ...only);
    expect(again.code).toBe(0);
    expect(again.out).toContain('This backfill is done: 300 events');
    expect(again.out).toContain('--restart');
    expect(serials(siem, 'a')).toEqual(wanted('a'));
    expect((await command(...range, ...only, '--restart')).code).toBe(0);
    expect(serials(siem, 'a')).toHaveLength(600);
    expect([serials(cef, 'a'), serials(siem, 'm')]).toEqual([[], []]);
  });

  it('keeps its place at Ctrl-C, and goes on', async () => {
    await run();
    duo.faults.push({ kind: 'shortPage', rows: 5, endpoint: 'auth', when: () => true });
    const io = fakeIo();
    const argv = ['backfill', workplace.configFile, ...range, '--endpoint', 'auth', '--to', 'siem'];
    const shown = main(argv, io);
    await until('some of it', () => serials(siem, 'a').length > 20);
    io.signals.emit('SIGINT');
    expect(await shown).toBe(130);
    expect(io.out()).toContain('run the same command to go on');
    const before = serials(siem, 'a').length;
    expect(before).toBeLessThan(300);
    expect((await command(...argv.slice(2))).code).toBe(0);
    expect(serials(siem, 'a')).toEqual(wanted('a'));
  });

  it('is seen in the status of the program while it runs', async () => {
    await run();
    duo.faults.push({ kind: 'tooManyRequests', endpoint: 'auth', when: () => true });
    const io = fakeIo();
    const argv = ['backfill', workplace.configFile, ...range, '--endpoint', 'auth', '--to', 'siem'];
    const shown = main(argv, io);
    const seen = async (): Promise<Snapshot['backfill']> => {
      const { out } = await duologsync(['status', workplace.configFile, '--json']);
      return (JSON.parse(out) as Snapshot).backfill;
    };
    await until('the backfill', async () => (await seen()) !== null);
    expect(await seen()).toMatchObject({
      since: at(sinceMs),
      until: at(untilMs),
      feeds: 1,
      sent: 0,
    });
    io.signals.emit('SIGINT');
    expect(await shown).toBe(130);
    await until('its end', async () => (await seen()) === null);
  });

  it('leaves to the live feed what it has sent within its look-back', async () => {
    // Live: the last two days. Its look-back is 40 minutes before its position.
    const fromMs = Date.now() - 80 * 60_000;
    const plan = { count: 80, stepMs: 60_000, fromMs, letter: 'n' };
    duo.add('auth', makeEvents('auth', plan));
    await run();
    await until('the live events', () => serials(siem, 'n').length === 80);
    const { code, out } = await command(
      '--since',
      '10h',
      '--endpoint',
      'auth',
      '--to',
      'siem',
      '--json',
    );
    expect(code).toBe(0);
    const { sent, notes } = told(out);
    expect(sent).toBeGreaterThanOrEqual(37);
    expect(sent).toBeLessThanOrEqual(41);
    expect(notes.join()).toContain('from there on all is the running feed');
    const counts = serials(siem, 'n');
    expect(counts).toHaveLength(80 + sent);
    // The newest forty came once.
    const newest = [...new Set(counts)].slice(-38);
    for (const one of newest) expect(counts.filter((serial) => serial === one)).toHaveLength(1);
  });

  it('goes on over a reload that gives its server another format', async () => {
    await run();
    duo.faults.push({ kind: 'shortPage', rows: 5, endpoint: 'auth', when: () => true });
    const shown = command(...range, '--endpoint', 'auth', '--to', 'siem');
    await until('some of it', () => serials(siem, 'a').length > 20);
    const text = await readFile(workplace.configFile, 'utf8');
    await writeFile(workplace.configFile, text.replace('log_format: JSON', 'log_format: CEF'));
    expect((await duologsync(['reload', workplace.configFile])).code).toBe(0);
    expect((await shown).code).toBe(0);
    expect(serials(siem, 'a')).toEqual(wanted('a'));
    const isCef = (line: Buffer | Uint8Array): boolean => line.toString().includes('CEF:0');
    expect(siem.lines().filter(isCef).length).toBeGreaterThan(0);
    expect(siem.lines().filter(isCef).length).toBeLessThan(300);
  });

  it('ends with 75 when Duo refuses a log, and says why', async () => {
    await run();
    duo.setAccounts([{ ...duo.account, permissions: ['auth'] }]);
    const { code, out } = await command(...range, '--to', 'siem');
    expect(code).toBe(75);
    expect(out).toContain('adminaction > siem: duo_forbidden');
    expect(serials(siem, 'a')).toEqual(wanted('a'));
  });
});

describe('a backfill without a running program', () => {
  it('reads logs that have no order or no end as exactly', async () => {
    const endpoints = ['trustmonitor', 'offline_enrollment', 'telephony'] as const;
    const place = await makeWorkplace(
      duo,
      [{ id: 'siem', protocol: 'TCP', port: siem.port, endpoints }],
      ['requests_per_minute: 6000'],
    );
    const plan = { count: 452, stepMs: dayMs / 450, fromMs: sinceMs - dayMs / 450 };
    const exact = { at: (i: number) => plan.fromMs + i * plan.stepMs };
    for (const [index, endpoint] of endpoints.entries())
      duo.add(endpoint, makeEvents(endpoint, { ...plan, ...exact, letter: 'xyz'[index] ?? '' }));
    try {
      const { code, out } = await duologsync(['backfill', place.configFile, ...range, '--json']);
      expect([code, told(out).sent]).toEqual([0, 1_350]);
      for (const letter of 'xyz') {
        const come = serials(siem, letter);
        expect([come.length, come[0], come.at(-1)]).toEqual([
          450,
          `${letter}00000002`,
          `${letter}00000451`,
        ]);
      }
    } finally {
      await place.remove();
    }
  });

  it('is done by the command itself, with the state locked meanwhile', async () => {
    const first = forward(workplace, '--once');
    expect(await first.ended).toBe(0);
    const { code, out, err } = await command(...range, '--to', 'siem,cef', '--json');
    expect(err).toContain('forwards nothing else meanwhile');
    expect([code, told(out).sent]).toEqual([0, 900]);
    expect(serials(siem, 'a')).toEqual(wanted('a'));
    expect(serials(siem, 'm')).toEqual(wanted('m'));
    expect(serials(cef, 'a')).toEqual(wanted('a'));
    const second = forward(workplace, '--once');
    expect(await second.ended).toBe(0);
    expect(serials(siem, 'a')).toEqual(wanted('a'));
  });

  it('goes on with what the program began', async () => {
    const program = await run();
    duo.faults.push({ kind: 'shortPage', rows: 5, endpoint: 'auth', when: () => true });
    const only = [...range, '--endpoint', 'auth', '--to', 'siem'];
    const shown = command(...only);
    await until('some of it', () => serials(siem, 'a').length > 20);
    await program.kill('SIGTERM');
    const { code, out, err } = await shown;
    expect(code).toBe(75);
    expect(out + err).toContain('run the same command to go on');
    expect((await command(...only)).code).toBe(0);
    expect(serials(siem, 'a')).toEqual(wanted('a'));
  });

  it('counts alone in a dry run, and leaves nothing behind', async () => {
    const { code, out } = await command(...range, '--dry-run');
    expect(code).toBe(0);
    expect(out).toContain('auth > siem: would send 300 events');
    expect(out).toContain('adminaction > siem: would send 300 events');
    expect(out).toContain('auth > cef: would send 300 events');
    expect(out).toContain('Nothing sent, nothing saved.');
    expect([siem.lines(), cef.lines()]).toEqual([[], []]);
    const [state = ''] = await readdir(workplace.state);
    expect(await readdir(join(workplace.state, state))).not.toContain('backfills');
  });

  it.each([
    [['--endpoint', 'auht'], "the endpoint 'auht'", 'auth, adminaction'],
    [['--to', 'sime'], "the server 'sime'", 'siem, cef'],
    [['--account', 'Acme'], "the account 'Acme'", 'localhost'],
    [
      ['--endpoint', 'adminaction', '--to', 'cef'],
      'no log of these goes',
      'endpoint_server_mappings',
    ],
  ])('refuses %j with what there is', async (names, what, hint) => {
    const { code, err } = await command(...range, ...names);
    expect(code).toBe(2);
    expect(err).toContain(what);
    expect(err).toContain(hint);
  });

  it.each([
    [['--since', 'yesterday'], 'is no time'],
    [['--since', '2d', '--until', '3d'], 'not later than --since'],
    [['--since', '400d', '--until', '300d'], 'Duo keeps nothing of that time'],
  ])('refuses %j', async (times, what) => {
    const { code, err } = await command(...times);
    expect(code).toBe(2);
    expect(err).toContain(what);
  });
});
