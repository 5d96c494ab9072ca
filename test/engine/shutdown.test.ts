import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { watchSignals } from '../../src/engine/shutdown.ts';
import { never, recordingLog } from './parts.ts';
import { TestClock, rest } from './test-clock.ts';

function watch(platform: NodeJS.Platform) {
  const signals = new EventEmitter();
  const clock = new TestClock();
  const { log, said } = recordingLog();
  const exits: string[] = [];
  let reopened = 0;
  const shutdown = watchSignals({
    signals,
    platform,
    clock,
    log,
    graceMs: 25_000,
    hangUp: () => (reopened += 1),
    exitNow: (signal) => exits.push(signal),
  });
  return { signals, clock, said, exits, shutdown, reopened: () => reopened };
}

const ends: readonly (readonly [NodeJS.Platform, NodeJS.Signals])[] = [
  ['linux', 'SIGINT'],
  ['linux', 'SIGTERM'],
  ['darwin', 'SIGTERM'],
  ['win32', 'SIGINT'],
  ['win32', 'SIGBREAK'],
  ['win32', 'SIGHUP'],
];

describe('a signal', () => {
  it.each(ends)('on %s: %s stops the program and says so', (platform, signal) => {
    const { signals, said, exits, shutdown } = watch(platform);
    signals.emit(signal);
    expect(shutdown.stop.aborted).toBe(true);
    expect(shutdown.abandon.aborted).toBe(false);
    expect(exits).toEqual([]);
    expect(said.map(({ fields }) => fields['reason'])).toEqual([signal]);
    shutdown.dispose();
  });

  it('gives deliveries under way 25 seconds, then abandons them', async () => {
    const { signals, clock, shutdown } = watch('linux');
    signals.emit('SIGTERM');
    await clock.sleep(24_999, never);
    expect(shutdown.abandon.aborted).toBe(false);
    await clock.sleep(1, never);
    expect(shutdown.abandon.aborted).toBe(true);
    shutdown.dispose();
  });

  it('the second time means: leave at once', () => {
    const { signals, exits, shutdown } = watch('linux');
    signals.emit('SIGTERM');
    signals.emit('SIGINT');
    expect(exits).toEqual(['SIGINT']);
    shutdown.dispose();
  });

  it('SIGHUP makes the log be opened anew on POSIX and stops nothing', () => {
    const { signals, shutdown, reopened } = watch('linux');
    signals.emit('SIGHUP');
    expect(reopened()).toBe(1);
    expect(shutdown.stop.aborted).toBe(false);
    shutdown.dispose();
  });

  it('can be awaited by a thousand feeds without a warning of Node', async () => {
    const { shutdown } = watch('linux');
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    for (const signal of [shutdown.stop, shutdown.abandon]) {
      for (let i = 0; i < 1000; i += 1) signal.addEventListener('abort', () => undefined);
    }
    await rest();
    process.off('warning', note);
    expect(warnings).toEqual([]);
    shutdown.dispose();
  });

  it('is left to others once the program has ended', () => {
    for (const platform of ['linux', 'win32'] as const) {
      const { signals, shutdown } = watch(platform);
      shutdown.dispose();
      expect(signals.eventNames()).toEqual([]);
    }
  });
});

describe('a stop for another reason', () => {
  it('works like the first signal, once', () => {
    const { said, shutdown } = watch('linux');
    shutdown.begin('the test');
    shutdown.begin('the test again');
    expect(shutdown.stop.aborted).toBe(true);
    expect(said).toHaveLength(1);
    shutdown.dispose();
  });
});
