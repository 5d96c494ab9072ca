import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../src/core/cursor.ts';
import { silentLogger } from '../../src/core/log.ts';
import { Skew } from '../../src/duo/skew.ts';
import { begin, type WindowRules } from '../../src/engine/window.ts';
import { ModelDuo, poll } from './model-duo.ts';

const nowMs = Date.UTC(2026, 0, 10, 12);
const fraction = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true });

function times({ window, ...cursor }: Cursor): unknown[] {
  return [cursor, window ?? {}].flatMap((part): unknown[] => Object.values(part));
}

describe('the times of a checkpoint', () => {
  it('are whole milliseconds, whatever fractions the settings and the clocks have', () => {
    fc.assert(
      fc.property(
        fraction(60_000),
        fraction(600_000),
        fraction(1e6),
        fraction(300),
        fc.integer({ min: -1e6, max: 1e6 }),
        (settleMs, lookbackMs, sinceMs, waitedMs, offMs) => {
          const clock = { nowMs: () => nowMs, monotonicMs: () => 0.123, sleep: async () => {} };
          const skew = new Skew(clock, silentLogger);
          skew.learn(new Date(nowMs + offMs).toUTCString(), nowMs, waitedMs);
          const rules: WindowRules = {
            unit: 'ms',
            hasEnd: true,
            ordered: true,
            pageLimit: 5,
            settleMs,
            lookbackMs,
            rereadMs: 60_000.5,
          };
          const events = Array.from({ length: 12 }, (_, serial) => {
            const timeUs = (nowMs - 1e6) * 1000 + serial * 90e6 + 321;
            return { serial, timeUs, visibleAtMs: 0 };
          });
          const duo = new ModelDuo(events, { unit: 'ms', pageLimit: 5, offsetAtEnd: true });
          const seen: unknown[] = [];
          let cursor = begin(skew.nowMs() - sinceMs);
          for (const laterMs of [0, 120_000, 240_000]) {
            cursor = poll(duo, cursor, skew.nowMs() + laterMs, rules, (_event, reading) =>
              seen.push(...times(reading.next)),
            );
            seen.push(...times(cursor));
          }
          const numbers = seen.filter((value) => typeof value === 'number');
          expect(numbers.filter((value) => !Number.isInteger(value))).toEqual([]);
        },
      ),
    );
  });
});
