import { describe, expect, it } from 'vitest';
import { between, describeStep, randomOf, scheduleOf } from '../../scripts/soak/schedule.ts';

const minuteMs = 60_000;

describe('the schedule of a soak', () => {
  it('is the same for the same seed and length, and another for another', () => {
    const steps = scheduleOf('a', 20 * minuteMs);
    expect(scheduleOf('a', 20 * minuteMs)).toEqual(steps);
    expect(scheduleOf('b', 20 * minuteMs)).not.toEqual(steps);
    expect(scheduleOf('a', 10 * minuteMs)).not.toEqual(steps);
  });

  it('stays what it was: a seed in the docs can be run again', () => {
    const first = scheduleOf('a', minuteMs).slice(0, 3).map(describeStep);
    expect(first).toMatchInlineSnapshot(`
      [
        "tls: refuse for 7.2 s",
        "tcp: end early afterBytes=13093 for 0.1 s",
        "duo: auth cutBeforeHeaders, 2 times",
      ]
    `);
  });

  it('lets everything go wrong in the course of an hour', () => {
    const steps = scheduleOf('all', 60 * minuteMs);
    const kinds = new Set(
      steps.map(({ lane, fault }) =>
        fault.kind === 'duo' ? `duo ${fault.effect.kind}` : `${lane} ${fault.kind}`,
      ),
    );
    const stream = ['kill', 'freeze', 'refuse', 'reset', 'never', 'slow', 'reset early'];
    for (const kind of [...stream, 'end early', 'late end']) {
      for (const lane of ['tcp', 'tls']) expect(kinds).toContain(`${lane} ${kind}`);
    }
    for (const kind of ['kill', 'freeze', 'refuse']) expect(kinds).toContain(`udp ${kind}`);
    for (const kind of ['kill -9', 'stop', 'suspend', 'rotate']) {
      expect(kinds).toContain(`program ${kind}`);
    }
    const duo = ['tooManyRequests', 'status', 'truncatedJson', 'cutMidBody', 'cutBeforeHeaders'];
    for (const kind of [...duo, 'slowDrip', 'shortPage', 'emptyPageWithCursor']) {
      expect(kinds).toContain(`duo ${kind}`);
    }
    expect(kinds).toContain('duo burst');
  });

  it('is over before the end, begins quietly, and never has two faults of one lane at once', () => {
    for (const minutes of [0.5, 1, 5, 30]) {
      const steps = scheduleOf(`${minutes}`, minutes * minuteMs);
      expect(steps.length).toBeGreaterThan(5);
      for (const lane of ['tcp', 'tls', 'udp', 'duo', 'program']) {
        let freeMs = 5_000;
        for (const { atMs, forMs } of steps.filter((step) => step.lane === lane)) {
          expect(atMs).toBeGreaterThanOrEqual(freeMs);
          freeMs = atMs + forMs;
        }
        expect(freeMs).toBeLessThanOrEqual(minutes * minuteMs);
      }
    }
  });

  it('leaves the program one long life in a long run, so that its memory can be judged', () => {
    const steps = scheduleOf('long', 20 * minuteMs);
    const ends = steps.filter(({ fault: { kind } }) => kind === 'kill -9' || kind === 'stop');
    expect(ends.length).toBeGreaterThan(1);
    expect(Math.max(...ends.map(({ atMs }) => atMs))).toBeLessThan(5 * minuteMs);
  });
});

describe('a step', () => {
  it('is told in a line with all that it does', () => {
    const fault = { kind: 'slow', bytesPerSecond: 9_000 } as const;
    expect(describeStep({ lane: 'tls', atMs: 1, forMs: 2_500, fault })).toBe(
      'tls: slow bytesPerSecond=9000 for 2.5 s',
    );
    const effect = { kind: 'status', status: 503 } as const;
    const duo = { kind: 'duo', endpoint: 'auth', times: 2, effect } as const;
    expect(describeStep({ lane: 'duo', atMs: 1, forMs: 0, fault: duo })).toBe(
      'duo: auth status status=503, 2 times',
    );
  });
});

describe('random numbers', () => {
  it('are spread evenly from 0 to 1', () => {
    const random = randomOf('x');
    const numbers = Array.from({ length: 2_000 }, random);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    for (let part = 0; part < 10; part += 1) {
      const within = numbers.filter((n) => Math.floor(n * 10) === part);
      expect(within.length).toBeGreaterThan(130);
    }
    expect(between(() => 0.5, 10, 20)).toBe(15);
  });
});
