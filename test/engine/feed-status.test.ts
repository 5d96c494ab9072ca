import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import { FeedStatus } from '../../src/engine/feed-status.ts';
import { never, recordingLog } from './parts.ts';
import { TestClock } from './test-clock.ts';

function made() {
  const clock = new TestClock();
  const { log, said } = recordingLog();
  return { clock, said, status: new FeedStatus('auth > siem', clock, log) };
}
const timeout = new ForwarderError('duo_timeout', 'no answer', { hint: 'Look at the firewall.' });
const forbidden = new ForwarderError('duo_forbidden', 'no right', { remedy: 'park' });

describe("a feed's status", () => {
  it('tells trouble once, however often it is tried, with the next try and the remedy', () => {
    const { said, status } = made();
    for (const waitMs of [1000, 2000, 4000]) status.trouble(timeout, waitMs);
    expect(said).toEqual([
      {
        level: 'warn',
        sentence: 'The feed has trouble and tries again',
        fields: {
          feed: 'auth > siem',
          code: 'duo_timeout',
          message: 'no answer',
          next_try_seconds: 1,
          hint: 'Look at the firewall.',
        },
      },
    ]);
    expect(status.phase).toBe('retrying');
  });

  it('tells when the trouble is another one, and that a parked feed will test itself', () => {
    const { said, status } = made();
    status.trouble(timeout, 1000);
    status.trouble(forbidden, 900_000);
    expect(said.map(({ level, fields }) => [level, fields['code']])).toEqual([
      ['warn', 'duo_timeout'],
      ['error', 'duo_forbidden'],
    ]);
    expect(status.phase).toBe('parked');
  });

  it('tells once that all is well again, and after how long', async () => {
    const { clock, said, status } = made();
    status.trouble(timeout, 1000);
    await clock.sleep(90_000, never);
    status.well('running');
    status.well('running');
    expect(said.slice(1)).toEqual([
      {
        level: 'info',
        sentence: 'The feed is well again',
        fields: { feed: 'auth > siem', after_seconds: 90 },
      },
    ]);
    expect(status.problem).toBeUndefined();
    expect(status.nextTryMs).toBeUndefined();
  });

  it('says nothing while all goes well', () => {
    const { said, status } = made();
    status.well('catching up');
    status.well('running');
    status.ended();
    expect(said).toEqual([]);
    expect(status.phase).toBe('ended');
  });

  it('shows since when it is in its state and when the next try comes', async () => {
    const { clock, status } = made();
    await clock.sleep(5_000, never);
    status.trouble(timeout, 2_000);
    await clock.sleep(1_000, never);
    status.trouble(timeout, 4_000);
    expect(status.sinceMs).toBe(clock.startMs + 5_000);
    expect(status.nextTryMs).toBe(clock.startMs + 10_000);
  });

  it('counts what was confirmed and keeps the last event time over an empty page', () => {
    const { status } = made();
    status.confirmed(3, 1234, 1);
    status.confirmed(0, undefined, 0);
    expect(status).toMatchObject({ delivered: 3, late: 1, lastEventMs: 1234 });
    // One that Duo showed late is none of the newest.
    status.confirmed(1, 900, 1);
    expect(status.lastEventMs).toBe(1234);
  });

  it('counts the polls that were read to their end, with the time of the last', async () => {
    const { clock, status } = made();
    expect(status).toMatchObject({ cycles: 0, lastCycleMs: undefined, createdMs: clock.startMs });
    status.cycled();
    await clock.sleep(1_000, never);
    status.cycled();
    expect(status).toMatchObject({ cycles: 2, lastCycleMs: clock.startMs + 1_000 });
  });
});
