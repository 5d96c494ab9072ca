import { afterEach, describe, expect, it, vi } from 'vitest';
import { until } from '../helpers/program.ts';
import type { Overrides } from '../../src/app.ts';
import type { Effect } from '../../src/simulator/faults.ts';
import { openRig, type Rig, type RigOptions } from './duo-rig.ts';

vi.setConfig({ testTimeout: 120_000 });

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const whole = { lost: [], repeated: 0, malformed: [] };
const minuteMs = 60_000;

/** A program that is not started yet, and as many sign-ins as are given, of the last minutes. */
async function backlog(count: number, options: RigOptions = {}): Promise<Rig> {
  rig = await openRig({ factor: 900, start: false, ...options });
  if (count > 0) rig.add('auth', count, { fromMs: rig.clock.nowMs() - 30 * minuteMs, stepMs: 100 });
  rig.add('telephony', 5);
  return rig;
}

describe('the whole program, when Duo', () => {
  it('serves 500 rows where 1,000 are asked for, reads all of a backlog once', async () => {
    const { duo, siem } = await backlog(2_600);
    duo.faults.push({ kind: 'shortPage', rows: 500, endpoint: 'auth', times: Infinity });
    await rig?.start();
    await rig?.arrived();
    expect(rig?.report()).toMatchObject(whole);
    expect(siem.received).toBe(2_605);
  });

  it('begins to serve 500 rows in the middle of a backlog, reads all of it once', async () => {
    const { duo } = await backlog(4_600);
    const when = (number: number): boolean => number > 2;
    duo.faults.push({ kind: 'shortPage', rows: 500, endpoint: 'auth', when });
    await rig?.start();
    await rig?.arrived();
    expect(rig?.report()).toMatchObject(whole);
  });

  it('serves every third page twice, gives no event twice', async () => {
    const { duo } = await backlog(4_500);
    const when = (number: number): boolean => number % 3 === 0;
    duo.faults.push({ kind: 'duplicatePage', endpoint: 'auth', when });
    await rig?.start();
    await rig?.arrived();
    rig?.add('auth', 5);
    await rig?.arrived();
    expect(rig?.report()).toMatchObject(whole);
  });

  it('gives back the offset that it was sent, goes on without it, and says so', async () => {
    const { duo, said } = await backlog(3_500);
    duo.faults.push({ kind: 'cursorLoop', endpoint: 'auth', times: Infinity });
    await rig?.start();
    await rig?.arrived();
    const line = await rig?.told('duo_endless_pages', 'auth');
    expect(line).toMatchObject({ level: 'warn' });
    expect(line?.fields['hint']).toMatch(/No event is passed over/);
    rig?.add('auth', 5);
    await rig?.arrived();
    duo.faults.clear();
    await until('all to be well', () => said.at(-1)?.sentence === 'The feed is well again');
    expect(rig?.report()).toMatchObject(whole);
    expect(said.filter(({ level }) => level !== 'info')).toHaveLength(1);
  });

  it('sends empty pages that lead on, passes over nothing, and says so', async () => {
    const { duo, said } = await backlog(1_500);
    duo.faults.push({ kind: 'emptyPageWithCursor', endpoint: 'auth', times: Infinity });
    await rig?.start();
    await rig?.told('duo_endless_pages', 'auth');
    await rig?.arrived('telephony');
    rig?.add('auth', 5);
    duo.faults.clear();
    await rig?.arrived();
    expect(rig?.report()).toMatchObject(whole);
    expect(said.filter(({ level }) => level !== 'info')).toHaveLength(1);
  });

  it('has 1,500 sign-ins of one millisecond, reads each once', async () => {
    const { clock } = await backlog(0);
    const timeMs = clock.nowMs() - minuteMs;
    rig?.add('auth', 1_500, { at: () => timeMs });
    rig?.add('auth', 3, { fromMs: timeMs + 1 });
    await rig?.start();
    await rig?.arrived();
    expect(rig?.report()).toMatchObject(whole);
  });

  it('has 1,500 rows of one second in a log without offsets, reads what can be had and tells the gap', async () => {
    const endpoints = ['adminaction', 'telephony'] as const;
    const { clock, said } = await backlog(0, { endpoints });
    const timeMs = Math.floor(clock.nowMs() / 1000) * 1000 - minuteMs;
    rig?.add('adminaction', 10, { fromMs: timeMs - 5_000 });
    rig?.add('adminaction', 1_500, { at: () => timeMs });
    rig?.add('adminaction', 10, { fromMs: timeMs + 1_000, stepMs: 1_000 });
    await rig?.start();
    const gap = await rig?.told('gap', 'adminaction');
    const [from, to] = [timeMs, timeMs + 1_000].map((ms) => new Date(ms).toISOString());
    expect(gap).toMatchObject({ level: 'error', fields: { from, to } });
    await until('all that can be had', () => (rig?.report().lost.length ?? 0) === 500);
    const untilMs = clock.nowMs() + 25 * minuteMs;
    await until('some re-reads', () => clock.nowMs() > untilMs);
    expect(rig?.report()).toMatchObject({ repeated: 0, malformed: [] });
    expect(rig?.report().lost).toHaveLength(500);
    expect(said.filter(({ fields }) => fields['code'] === 'gap')).toHaveLength(1);
  });
});

describe('the whole program, when pages of 1,000 rows never come through because', () => {
  it.each<{ why: string; effect?: Effect; calls?: Overrides['calls']; code: string }>([
    {
      why: 'a proxy cuts long answers',
      effect: { kind: 'cutMidBody', overBytes: 300_000 },
      code: 'duo_truncated',
    },
    {
      why: 'the line is slow',
      effect: { kind: 'slowDrip', bytesPerSecond: 1_000_000 },
      code: 'duo_timeout',
    },
    { why: 'they are too large', calls: { maxBodyBytes: 300_000 }, code: 'duo_body_too_large' },
  ])('$why, asks for fewer, reads all of a backlog, and asks for more again', async (example) => {
    const { effect, calls, code } = example;
    const overrides = { intervalSeconds: 20, calls: calls ?? { deadlineMs: 400 } };
    const { duo } = await backlog(1_500, { overrides });
    if (effect !== undefined) duo.faults.push({ ...effect, endpoint: 'auth', times: Infinity });
    await rig?.start();
    await rig?.arrived();
    expect(rig?.report()).toMatchObject(whole);
    expect(await rig?.told(code, 'auth')).toMatchObject({ level: 'warn' });
    const asked = (): readonly (string | undefined)[] =>
      duo.journal
        .filter(({ endpoint }) => endpoint === 'auth')
        .map(({ params }) => params['limit']);
    const limits = asked().map(Number);
    expect(Math.min(...limits)).toBeLessThan(501);
    duo.faults.clear();
    if (effect === undefined) return;
    await until('whole pages', () => asked().at(-1) === '1000');
  });
});

describe('the whole program, with events that Duo shows', () => {
  const api = ['lookback_minutes: 20', 'reread_minutes: 5'];

  it('late, by up to the look-back, loses and repeats none, and counts them', async () => {
    const { clock } = await backlog(0, { api });
    await rig?.start();
    const latenessMs = (n: number): number => (n % 3) * 8 * minuteMs;
    for (const untilMs = clock.nowMs() + 30 * minuteMs; clock.nowMs() < untilMs;) {
      rig?.add('auth', 6, { latenessMs });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await rig?.arrived();
    expect(rig?.report()).toMatchObject(whole);
    expect(rig?.said.filter(({ level }) => level !== 'info')).toEqual([]);
    expect(rig?.app.statuses[0]?.late).toBeGreaterThan(0);
  });

  it('later than the look-back reaches, says so when a later read shows them', async () => {
    await backlog(0, { api });
    await rig?.start();
    rig?.add('auth', 5);
    rig?.add('auth', 3, {
      latenessMs: () => 50 * minuteMs,
      fromMs: (rig?.clock.nowMs() ?? 0) - minuteMs,
    });
    const line = await rig?.told('duo_very_late', 'auth');
    expect(line).toMatchObject({ level: 'warn', fields: { events: 3 } });
    expect(Number(line?.fields['minutes_late'])).toBeGreaterThan(20);
    expect(line?.fields['hint']).toMatch(/lookback_minutes/);
    await rig?.arrived();
    expect(rig?.report()).toMatchObject(whole);
    expect(rig?.app.statuses.map(({ late }) => late)).toEqual([3, 0]);
  });
});
