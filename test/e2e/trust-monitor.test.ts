import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkSequence } from '../../src/simulator/check-sequence.ts';
import { startDuo, type DuoSimulator } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import { makeWorkplace, start, until, type Workplace } from '../helpers/program.ts';

const endpoints = ['trustmonitor', 'offline_enrollment'] as const;
const changesInMs = 12_000;

let duo: DuoSimulator;
let cef: StreamReceiver;
let json: StreamReceiver;
let workplace: Workplace;
let changesAtMs: number;

beforeEach(async () => {
  duo = await startDuo();
  [cef, json] = [await startTcpReceiver(), await startTcpReceiver()];
  const server = { protocol: 'TCP', endpoints } as const;
  workplace = await makeWorkplace(duo, [
    { ...server, id: 'cef', port: cef.port, format: 'CEF', more: "cef_vendor: 'Acme'" },
    { ...server, id: 'json', port: json.port },
  ]);
  const count = 450;
  const fromMs = Date.now() - 3_600_000;
  changesAtMs = Date.now() + changesInMs;
  // The newest event is asked for by every poll, so its new state comes without a re-read.
  const changesAfterMs = (index: number): number | undefined =>
    index === count - 1 ? changesAtMs - fromMs - (count - 1) * 1000 : undefined;
  duo.add(
    'trustmonitor',
    makeEvents('trustmonitor', { count, fromMs, letter: 'r', changesAfterMs }),
  );
  duo.add(
    'offline_enrollment',
    makeEvents('offline_enrollment', { count: 60, fromMs, letter: 'e' }),
  );
});

afterEach(async () => {
  await Promise.all([duo.close(), cef.stop(), json.stop(), workplace.remove()]);
});

async function runOnce({ configFile }: Workplace): Promise<void> {
  const program = start(['run', '--once', '--rate', '6000', configFile]);
  expect(await program.ended, program.stderr()).toBe(0);
}

const linesOf = (siem: StreamReceiver): string[] =>
  siem.lines().map((line) => line.toString('utf8'));

it('sends Trust Monitor and offline enrolment as JSON and CEF, and a changed state as a new line', async () => {
  const sent = endpoints.flatMap((endpoint) => duo.ledger(endpoint));
  await runOnce(workplace);
  for (const [siem, format] of [
    [cef, 'cef'],
    [json, 'json'],
  ] as const) {
    const report = checkSequence({ sent, received: siem.lines(), format });
    expect(report).toMatchObject({ lost: [], repeated: 0, malformed: [], unknown: [] });
  }
  expect(
    linesOf(cef).every((line) => /\|(?:trustmonitor|offline)\.[a-z0-9_]+\|Duo /.test(line)),
  ).toBe(true);
  expect(linesOf(json).some((line) => line.includes('eventtype'))).toBe(false);
  const asked = duo.journal.filter(({ endpoint }) => endpoint === 'trustmonitor');
  expect(asked.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok']);

  await until('the state changes', () => Date.now() > changesAtMs);
  const before = [linesOf(cef).length, linesOf(json).length];
  await runOnce(workplace);
  const [newest] = duo.ledger('trustmonitor').slice(-1);
  for (const [index, siem] of [cef, json].entries()) {
    const added = linesOf(siem).slice(before[index]);
    const changed = added.filter((line) => line.includes('processed'));
    expect(changed).toHaveLength(1);
    expect(changed[0]).toContain(newest?.serial);
    expect(added).toHaveLength(1);
  }
});

it("writes what is known of a sign-in, with the config's vendor and severity, where it asks for that", async () => {
  const fromMs = Date.now() - 1_800_000;
  duo.add('auth', makeEvents('auth', { count: 9, fromMs, letter: 'a' }));
  const more = [
    'cef_profile: improved',
    "cef_vendor: 'Acme'",
    "cef_product: 'MFA'",
    "cef_severity_overrides: {'auth.success': 0}",
  ].join('\n    ');
  const server = { protocol: 'TCP', endpoints: ['auth'] } as const;
  const own = await makeWorkplace(duo, [
    { ...server, id: 'cef', port: cef.port, format: 'CEF', more },
  ]);
  try {
    await runOnce(own);
  } finally {
    await own.remove();
  }
  const lines = linesOf(cef);
  expect(lines).toHaveLength(9);
  for (const line of lines) {
    expect(line).toMatch(
      /CEF:0\|Acme\|MFA\|[^|]+\|auth\.(?:success\|[^|]+\|0|denied\.user\|[^|]+\|4)\|rt=/,
    );
    expect(line).toContain(' dvchost=localhost ');
  }
  expect(lines.some((line) => line.includes('|auth.success|'))).toBe(true);
});
