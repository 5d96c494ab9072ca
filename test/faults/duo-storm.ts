import { expect } from 'vitest';
import type { EndpointName } from '../../src/simulator/endpoints.ts';
import type { Effect } from '../../src/simulator/faults.ts';
import { openRig } from './duo-rig.ts';

const endpoints: readonly EndpointName[] = [
  'auth',
  'activity',
  'telephony',
  'adminaction',
  'offline_enrollment',
  'trustmonitor',
];
const minuteMs = 60_000;

// No page of an earlier poll: a busy second is a third of the look-back on this clock, and rows that are older
// than it are not remembered (of 16 storms with such pages two repeated some; duo-pages.test.ts serves pages twice).
const effects: readonly Effect[] = [
  { kind: 'status', status: 502, body: '<html>' },
  { kind: 'status', status: 200, body: '<title>Log in</title>', contentType: 'text/html' },
  { kind: 'fail', status: 400, code: 40002, message: 'Invalid request parameters' },
  { kind: 'tooManyRequests' },
  { kind: 'cutBeforeHeaders' },
  { kind: 'cutMidBody' },
  { kind: 'truncatedJson' },
  { kind: 'stall' },
  { kind: 'wrongShape' },
  { kind: 'redirect', location: 'https://elsewhere.test/' },
  { kind: 'cursorLoop' },
  { kind: 'emptyPageWithCursor' },
  { kind: 'shortPage', rows: 7 },
  { kind: 'shortPage', rows: 100 },
];

/** Numbers in [0, 1) that depend on the seed alone. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * All logs at once, new events all the time, a third of them late; a third of the answers go wrong in every
 * way that there is, the program is restarted now and then; then all is well again, and everything is there once.
 */
export async function storm(seed: number, rounds: number): Promise<void> {
  const random = randomOf(seed);
  const rig = await openRig({
    factor: 900,
    endpoints,
    overrides: { intervalSeconds: 60, calls: { deadlineMs: 2_000 } },
  });
  try {
    const when = (): boolean => random() < 0.3 / effects.length;
    const push = (): void => rig.duo.faults.push(...effects.map((effect) => ({ ...effect, when })));
    push();
    for (let round = 0; round < rounds; round += 1) {
      for (const endpoint of endpoints) {
        const count = random() < 0.1 ? 400 : Math.floor(random() * 20);
        const step = random() < 0.5 ? 0 : 10;
        const fromMs = rig.clock.nowMs() - count * step;
        const late = Math.floor(random() * 15) * minuteMs;
        const latenessMs = (n: number): number => (n % 3 === 0 ? late : 0);
        rig.add(endpoint, count, { fromMs, stepMs: step, latenessMs });
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (random() < 0.1) {
        await rig.stop();
        await rig.start();
      }
    }
    rig.duo.faults.clear();
    await rig.arrived();
    const untilMs = rig.clock.nowMs() + 30 * minuteMs;
    while (rig.clock.nowMs() < untilMs) await new Promise((resolve) => setTimeout(resolve, 100));
    const report = rig.report();
    const told = rig.said.map(({ sentence, fields }) => `${sentence} ${JSON.stringify(fields)}`);
    // What was said tells more than the seed, which does not fix the pace.
    if (report.lost.length + report.repeated > 0) console.error(told.slice(-200).join('\n'));
    expect(report).toMatchObject({ lost: [], repeated: 0, malformed: [], unknown: [] });
    expect(rig.said.filter(({ fields }) => fields['code'] === 'gap')).toEqual([]);
  } finally {
    await rig.close();
  }
}
