import { describe, expect, it } from 'vitest';
import { Alerts } from '../../src/status/alerts.ts';
import type { Parts, SilencePart } from '../../src/status/parts.ts';
import { recordingLog } from '../engine/parts.ts';
import { TestClock } from '../engine/test-clock.ts';
import { parts, serverPart } from './parts.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const never = new AbortController().signal;

function watched(change: (clock: TestClock) => Partial<Parts>) {
  const clock = new TestClock();
  const { log, said } = recordingLog();
  const all = (): Parts => parts({ nowMs: clock.nowMs(), ...change(clock) });
  return { clock, said, alerts: new Alerts({ parts: all, clock, log }) };
}

describe('a log that becomes silent', () => {
  let isSilent: boolean | undefined;
  const silence = (): SilencePart => ({
    endpoint: 'auth',
    accounts: 1,
    sinceMs: Date.UTC(2026, 0, 10, 6),
    afterMs: 6 * hourMs,
    isSilent,
  });

  it('is told once when it begins and once when it ends', () => {
    const { alerts, said } = watched(() => ({ silences: [silence()] }));
    for (const now of [false, true, true, true, false, false, true]) {
      isSilent = now;
      alerts.look();
    }
    expect(said).toEqual([
      {
        level: 'warn',
        sentence: 'A log has become silent',
        fields: {
          code: 'log_silent',
          endpoint: 'auth',
          since: '2026-01-10T06:00:00.000Z',
          message: 'No new auth event for more than 6 h (alert_after), though Duo answers',
          hint: expect.stringContaining('Duo Admin Panel') as string,
        },
      },
      {
        level: 'info',
        sentence: 'A log that was silent has events again',
        fields: { endpoint: 'auth' },
      },
      expect.objectContaining({ level: 'warn' }),
    ]);
  });

  it('is neither over nor told anew while nothing can be known', () => {
    const { alerts, said } = watched(() => ({ silences: [silence()] }));
    for (const now of [true, undefined, true, undefined]) {
      isSilent = now;
      alerts.look();
    }
    expect(said).toHaveLength(1);
  });

  it('and is watched no more is not told to be over', () => {
    let silences: SilencePart[] = [];
    const { alerts, said } = watched(() => ({ silences }));
    isSilent = true;
    silences = [silence()];
    alerts.look();
    silences = [];
    alerts.look();
    expect(said).toHaveLength(1);
    silences = [silence()];
    alerts.look();
    expect(said).toHaveLength(2);
  });
});

describe('a certificate that ends soon', () => {
  it('is told once a day, from 30 days before its end', async () => {
    const endsMs = Date.UTC(2026, 0, 10, 12) + 31.5 * dayMs;
    const { state, ...server } = serverPart('siem');
    const servers = [{ ...server, state: { ...state, certificateEndsMs: endsMs } }];
    const { alerts, said, clock } = watched(() => ({ servers }));
    const stop = new AbortController();
    void clock.sleep(4 * dayMs, never).then(() => stop.abort());
    await alerts.run(stop.signal);
    expect(said.map(({ fields }) => fields['message'])).toEqual(
      [30, 29, 28].map((days) => expect.stringMatching(`in ${days} days$`) as string),
    );
    expect(said[0]).toMatchObject({
      level: 'warn',
      sentence: 'A certificate ends soon, or has ended',
      fields: {
        code: 'certificate_ends',
        what: 'certificate of server siem (tcp://siem.example.org:514)',
        ends: '2026-02-11T00:00:00.000Z',
      },
    });
  });

  it('and is renewed is not told any more', () => {
    let endsMs = Date.UTC(2026, 0, 20);
    const { state, ...server } = serverPart('siem');
    const { alerts, said } = watched(() => ({
      servers: [{ ...server, state: { ...state, certificateEndsMs: endsMs } }],
    }));
    alerts.look();
    alerts.look();
    endsMs += 365 * dayMs;
    alerts.look();
    expect(said).toHaveLength(1);
  });
});
