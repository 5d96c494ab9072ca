import { describe, expect, it } from 'vitest';
import { begin, type WindowRules } from '../../src/engine/window.ts';
import { ModelDuo, poll } from './model-duo.ts';

const minuteMs = 60_000;
const pageLimit = 10;
const rules: WindowRules = {
  unit: 'ms',
  hasEnd: true,
  ordered: true,
  pageLimit,
  settleMs: 2 * minuteMs,
  lookbackMs: 40 * minuteMs,
  rereadMs: 10 * minuteMs,
};

/**
 * Four hours of so many events a minute, each seventh five minutes late, then two quiet hours; no poll in the
 * minutes of `stop`.
 */
function missed(
  perMinute: number,
  stop: readonly [number, number] = [0, 0],
): { lost: number; repeated: number; calls: number } {
  const startMs = Date.UTC(2026, 0, 10);
  const events = Array.from({ length: 240 * perMinute }, (_, serial) => {
    const timeMs = startMs + Math.floor((serial * minuteMs) / perMinute);
    const visibleAtMs = timeMs + (serial % 7 === 0 ? 5 * minuteMs : 0);
    return { serial, timeUs: timeMs * 1000, visibleAtMs };
  });
  const duo = new ModelDuo(events, { unit: 'ms', pageLimit, offsetAtEnd: true });
  const got: string[] = [];
  let cursor = begin(startMs);
  for (let minute = 2; minute < 360; minute += 2) {
    if (minute > stop[0] && minute < stop[1]) continue;
    const nowMs = startMs + minute * minuteMs;
    cursor = poll(duo, cursor, nowMs, rules, ({ id }) => got.push(id));
  }
  const kinds = new Set(got).size;
  return { lost: events.length - kinds, repeated: got.length - kinds, calls: duo.calls };
}

describe('a log with more than twenty pages in a look-back', () => {
  // Pages of ten: 8 a minute are 32 pages in forty minutes, 40 are 160 of them.
  it.each([8, 40])('loses no late event at %i events a minute', (perMinute) => {
    const { lost, repeated, calls } = missed(perMinute);
    expect({ lost, repeated }).toEqual({ lost: 0, repeated: 0 });
    // Each poll reads what is new and at most twenty pages again.
    expect(calls).toBeLessThan((240 * perMinute) / pageLimit + 180 * 22);
  });

  it.each([8, 40])('loses none at %i a minute by a stop, short or long', (perMinute) => {
    for (const until of [125, 180]) {
      const { lost, repeated } = missed(perMinute, [100, until]);
      expect({ lost, repeated }).toEqual({ lost: 0, repeated: 0 });
    }
  });
});
