import { afterEach, describe, expect, it, vi } from 'vitest';
import { until } from '../helpers/program.ts';
import { fastClock } from './duo-clock.ts';
import { openRig, type Rig } from './duo-rig.ts';

vi.setConfig({ testTimeout: 120_000 });

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const whole = { lost: [], repeated: 0, malformed: [] };
const minuteMs = 60_000;
const dayMs = 86_400_000;

describe('the whole program, when the clock of this machine', () => {
  it.each([
    { off: 'ten minutes behind', minutes: 10 },
    { off: 'ten minutes ahead of', minutes: -10 },
    { off: 'five hours behind', minutes: 300 },
  ])('is $off that of Duo, uses the time of Duo and says so', async ({ minutes }) => {
    // So slow that a machine that is busy for some seconds is no minute off.
    const clock = fastClock(20);
    const duoNowMs = (): number => clock.nowMs() + minutes * minuteMs;
    const duo = { nowMs: duoNowMs, skewToleranceMs: 5 * minuteMs };
    rig = await openRig({ factor: 20, start: false, duo, overrides: { intervalSeconds: 1 } });
    rig.add('auth', 5, { fromMs: duoNowMs() });
    rig.add('telephony', 5, { fromMs: duoNowMs() });
    await rig.start(clock);
    await rig.arrived();
    for (let n = 0; n < 5; n += 1) {
      rig.add('auth', 5, { fromMs: duoNowMs() });
      await rig.arrived();
    }
    const line = await rig.told('duo_clock');
    expect(line).toMatchObject({ level: 'warn' });
    expect(line.sentence).toMatch(/Set the clock/);
    expect(Number(line.fields['behind_seconds'])).toBeCloseTo(minutes * 60, -1);
    expect(rig.report()).toMatchObject(whole);
    expect(rig.said.filter(({ level }) => level !== 'info')).toHaveLength(1);
    // Refused calls are tried once more, signed with the time of Duo; later ones are right at once.
    const verdicts = rig.duo.journal.map(({ verdict }) => verdict);
    const refused = verdicts.filter((verdict) => verdict === '40105');
    expect(refused.length).toBeLessThanOrEqual(2);
    expect(verdicts.filter((verdict) => verdict !== 'ok')).toEqual(refused);
  });
});

describe('the whole program, after a stop', () => {
  it('of 200 days tells what Duo keeps no more as a gap, once, and reads the rest', async () => {
    // So slow that a machine that is busy for ten seconds does not use up the hour that is kept to the edge.
    rig = await openRig({ factor: 300, start: false });
    const beganMs = rig.clock.nowMs();
    rig.add('auth', 5);
    rig.add('telephony', 5);
    await rig.start();
    await rig.arrived();
    await rig.stop();
    for (const days of [10, 19]) rig.add('auth', 5, { fromMs: beganMs + days * dayMs });
    for (const days of [22, 150, 199]) rig.add('auth', 1_200, { fromMs: beganMs + days * dayMs });
    await rig.start(fastClock(300, beganMs + 200 * dayMs));
    // To compare thousands of lines at each look would keep the program from its work.
    const { siem } = rig;
    await until('all that Duo has', () => siem.received >= 10 + 3 * 1_200);
    rig.add('auth', 5);
    await until('what is new', () => siem.received >= 10 + 3 * 1_200 + 5);
    expect(rig.report('auth').lost).toHaveLength(10);
    expect(rig.report()).toMatchObject({ repeated: 0, malformed: [] });
    const gaps = rig.said.filter(({ fields }) => fields['code'] === 'gap');
    expect(gaps.map(({ fields }) => fields['feed']).sort()).toEqual([
      'auth > siem',
      'telephony > siem',
    ]);
    const { from, to } = gaps[0]?.fields ?? {};
    expect(Date.parse(JSON.parse(JSON.stringify(from)) as string)).toBeLessThan(beganMs + dayMs);
    expect(Date.parse(JSON.parse(JSON.stringify(to)) as string)).toBeGreaterThan(
      beganMs + 20 * dayMs,
    );
    expect(rig.duo.journal.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(rig.said.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('of 170 days reads all of it and tells no gap', async () => {
    rig = await openRig({ factor: 900, start: false });
    const beganMs = rig.clock.nowMs();
    rig.add('auth', 5);
    rig.add('telephony', 5);
    await rig.start();
    await rig.arrived();
    await rig.stop();
    rig.add('auth', 2_500, { fromMs: beganMs + minuteMs, stepMs: dayMs / 20 });
    await rig.start(fastClock(900, beganMs + 170 * dayMs));
    await rig.arrived();
    expect(rig.report()).toMatchObject(whole);
    expect(rig.said.filter(({ level }) => level !== 'info')).toEqual([]);
  });
});
