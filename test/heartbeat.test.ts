import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../src/core/errors.ts';
import type { Formatter } from '../src/formatters/formatter.ts';
import { Heartbeats, type HeartbeatTools } from '../src/heartbeat.ts';
import type { Sink } from '../src/sinks/sink.ts';
import { recordingLog } from './engine/parts.ts';
import { rest, TestClock } from './engine/test-clock.ts';

const never = new AbortController().signal;
type BeatOf = NonNullable<Sink['beat']>;

/** Gives the row of the heartbeat itself. */
const formatter: Formatter = { format: ({ source }) => source };

function beating(beat: BeatOf | undefined, seconds: Record<string, number | undefined> = {}) {
  const clock = new TestClock();
  const { log, said } = recordingLog();
  const stop = new AbortController();
  const wanted = { siem: 60, ...seconds };
  const health = { isDegraded: false, problems: 0 };
  const tools: HeartbeatTools = {
    ...{ clock, log, version: '3.0.0', sender: 'here', startedMs: clock.startMs },
    servers: () =>
      Object.entries(wanted).map(([id, heartbeat_seconds]) => ({ id, heartbeat_seconds })),
    destination: () =>
      beat === undefined ? undefined : { formatter, sink: { beat } as Partial<Sink> as Sink },
    health: async () => health,
    account: () => ({ id: undefined, name: 'ours', apiHost: 'api.test' }),
  };
  const heartbeats = new Heartbeats(tools);
  const run = (length: number): Promise<void> => {
    void clock.sleep(length * 1000, never).then(() => stop.abort(new Error('the test ends')));
    return heartbeats.run(stop.signal);
  };
  return { clock, said, heartbeats, run, stop, wanted, health };
}

interface Told {
  readonly atSeconds: number;
  readonly number: number;
  readonly state: string;
}

/** A server that takes what it is sent as long as `fails` says nothing. */
function taker(fails: () => Error | undefined = () => undefined) {
  const told: Told[] = [];
  const beat: BeatOf = async (line) => {
    const error = fails();
    if (error !== undefined) throw error;
    const { timestamp, number, state } = JSON.parse(Buffer.from(line()).toString()) as {
      timestamp: number;
      number: number;
      state: string;
    };
    told.push({ atSeconds: timestamp - Date.UTC(2026, 0, 10, 12) / 1000, number, state });
  };
  return { told, beat };
}

const refused = new ForwarderError('server_refused', 'refused', { hint: 'Start it.' });

describe('heartbeats', () => {
  it('go at once and then in their interval, with a running number', async () => {
    const { told, beat } = taker();
    const { run, heartbeats } = beating(beat);
    await run(200);
    expect(told.map(({ atSeconds, number }) => [atSeconds, number])).toEqual([
      [0, 1],
      [60, 2],
      [120, 3],
      [180, 4],
    ]);
    expect(heartbeats.stateOf('siem')).toMatchObject({ everySeconds: 60, sent: 4, dropped: 0 });
  });

  it('say how the program is at that moment', async () => {
    const { told, beat } = taker();
    const { run, clock, health } = beating(beat);
    void clock.sleep(30_000, never).then(() => Object.assign(health, { isDegraded: true }));
    await run(70);
    expect(told.map(({ state }) => state)).toEqual(['healthy', 'degraded']);
  });

  it('of several servers go each in its own time', async () => {
    const { told, beat } = taker();
    const { run } = beating(beat, { other: 25, quiet: undefined });
    await run(59);
    expect(told.map(({ atSeconds }) => atSeconds)).toEqual([0, 0, 25, 50]);
  });

  it('of many servers warn nobody of too many listeners', async () => {
    const warnings: Error[] = [];
    const heard = (warning: Error): void => void warnings.push(warning);
    process.on('warning', heard);
    const { told, beat } = taker();
    const many = Array.from({ length: 30 }, (_, n) => [`server-${n}`, 60] as const);
    const { run } = beating(beat, Object.fromEntries(many));
    await run(30);
    expect(told).toHaveLength(31);
    process.off('warning', heard);
    expect(warnings).toEqual([]);
  });

  it('that cannot go are dropped and never made up for: their numbers are missing', async () => {
    let isDown = false;
    const { told, beat } = taker(() => (isDown ? refused : undefined));
    const { run, clock, said, heartbeats } = beating(beat);
    void clock.sleep(59_000, never).then(() => (isDown = true));
    void clock.sleep(190_000, never).then(() => (isDown = false));
    await run(250);
    expect(told.map(({ number }) => number)).toEqual([1, 4, 5]);
    // The fourth is tried again while its interval lasts.
    expect(told[1]?.atSeconds).toBeGreaterThanOrEqual(190);
    expect(told[1]?.atSeconds).toBeLessThan(201);
    expect(told[2]?.atSeconds).toBe(240);
    expect(heartbeats.stateOf('siem')).toMatchObject({ sent: 3, dropped: 2 });
    expect(said).toEqual([
      {
        level: 'warn',
        sentence: 'No heartbeat goes to the server',
        fields: { server: 'siem', code: 'server_refused', message: 'refused', hint: 'Start it.' },
      },
      { level: 'info', sentence: 'Heartbeats go to the server again', fields: { server: 'siem' } },
    ]);
  });

  it('that may have arrived are not sent twice', async () => {
    let tries = 0;
    const { run, heartbeats } = beating(async (line) => {
      tries += 1;
      line();
      throw refused;
    });
    await run(119);
    expect(tries).toBe(2);
    expect(heartbeats.stateOf('siem')).toMatchObject({ sent: 0, dropped: 2 });
  });

  it('that hang end with their interval', async () => {
    const ends: number[] = [];
    const { run, clock, said } = beating(async (line, signal) => {
      line();
      await clock.sleep(3_600_000, signal);
      ends.push(clock.monotonicMs());
      throw signal.reason;
    });
    await run(130);
    expect(ends).toEqual([60_000, 120_000, 130_000]);
    expect(said).toMatchObject([{ fields: { code: 'heartbeat_late', server: 'siem' } }]);
  });

  it('are not missed by anybody while nothing is sent to their server', async () => {
    const { run, said, heartbeats } = beating(undefined);
    await run(130);
    expect(said).toEqual([]);
    expect(heartbeats.stateOf('siem')).toMatchObject({ sent: 0 });
  });

  it('begin, change and end with another reading of the config', async () => {
    const { told, beat } = taker();
    const { heartbeats, wanted, run, clock } = beating(beat);
    const reload = (atSeconds: number, seconds: number | undefined): void => {
      void clock.sleep(atSeconds * 1000, never).then(() => {
        Object.assign(wanted, { siem: seconds });
        heartbeats.look();
      });
    };
    // The same interval goes on as it was.
    reload(70, 60);
    reload(90, 30);
    reload(135, undefined);
    await run(400);
    expect(told.map(({ atSeconds, number }) => [atSeconds, number])).toEqual([
      [0, 1],
      [60, 2],
      [90, 1],
      [120, 2],
    ]);
    expect(heartbeats.stateOf('siem')).toBeUndefined();
    Object.assign(wanted, { siem: 30 });
    heartbeats.look();
    expect(heartbeats.stateOf('siem')).toBeUndefined();
  });

  it('hold up no end: what is on its way is broken off', async () => {
    const { heartbeats, stop, clock } = beating(async (_line, signal) => {
      await clock.sleep(3_600_000, signal);
      throw signal.reason;
    });
    const running = heartbeats.run(stop.signal);
    await rest();
    const beforeMs = clock.monotonicMs();
    stop.abort(new Error('the program ends'));
    await running;
    expect(clock.monotonicMs() - beforeMs).toBeLessThan(60_000);
  });
});
