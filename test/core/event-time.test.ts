import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventTimeMs, firstTimeMs } from '../../src/core/event-time.ts';

const base = Date.UTC(2026, 1, 13, 18, 56, 20);

describe("An event's time", () => {
  it.each([
    ['2026-02-13T18:56:20+00:00', base],
    ['2026-02-13T18:56:20.351346+00:00', base + 351],
    ['2026-02-13T18:56:20.351+00:00', base + 351],
    ['2026-02-13T18:56:20.9+00:00', base + 900],
    ['2026-02-13T18:56:20.999999999Z', base + 999],
    ['2026-02-13T18:56:20Z', base],
    ['2026-02-13T18:56:20.351346', base + 351],
    ['2026-02-13 18:56:20', base],
    ['2026-02-13t18:56:20z', base],
    ['2026-02-13T20:26:20+01:30', base],
    ['2026-02-13T13:56:20-0500', base],
    ['2026-02-13T13:56:20-05', base],
    ['2026-02-13T18: 56: 20+00: 00', base],
    [' 2026-02-13T18:56:20.5 +00:00\n', base + 500],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
  ])('is read from %j', (text, expected) => {
    expect(eventTimeMs(text)).toBe(expected);
  });

  it.each([
    '',
    'yesterday',
    '2026-02-13',
    '2026-2-13T18:56:20Z',
    'Fri, 13 Feb 2026 18:56:20 GMT',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-02-13T24:00:00Z',
    '2026-02-13T18:60:20Z',
    '2026-02-13T18:56:61Z',
    '2026-02-13T18:56:20+24:00',
    '2026-02-13T18:56:20 EST',
    '2026-02-13T18:56:20.0000000001Z',
    '1969-12-31T23:59:59Z',
    '0001-01-01T00:00:00Z',
    '12345678',
    `2026-02-13T18:56:20${' '.repeat(100)}Z`,
  ])('is not guessed from %j', (text) => {
    expect(eventTimeMs(text)).toBeUndefined();
  });

  it.each([
    [1771008980, 1771008980000],
    [1771008980.351346, 1771008980351],
    [1700000000.001, 1700000000001],
    [1771008980351, 1771008980351],
    [1771008980351.9, 1771008980351],
    ['1771008980', 1771008980000],
    ['1771008980351', 1771008980351],
    [0, 0],
  ])('is read from the number %j in seconds or milliseconds', (value, expected) => {
    expect(eventTimeMs(value)).toBe(expected);
  });

  it.each([[null], [undefined], [true], [[]], [{}], [-1], [NaN], [Infinity], [1e300]])(
    'is not read from %j',
    (value) => {
      expect(eventTimeMs(value)).toBeUndefined();
    },
  );

  it('is the first of several values that can be read', () => {
    expect(firstTimeMs(null, '', 'nonsense', 1771008980, '2020-01-01T00:00:00Z')).toBe(
      1771008980000,
    );
    expect(firstTimeMs(undefined)).toBeUndefined();
  });

  it("is the same in Duo's own spelling as in any other, right or wrong", () => {
    const part = (most: number, length = 2) =>
      fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(length, '0'));
    fc.assert(
      fc.property(
        fc.tuple(part(2500, 4), part(13), part(32), part(24), part(61), part(61), part(999_999, 6)),
        ([year, month, day, hour, minute, second, fraction]) => {
          const time = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction}`;
          expect(eventTimeMs(`${time}+00:00`)).toBe(eventTimeMs(`${time}Z`));
        },
      ),
      { numRuns: 2000 },
    );
    const right = '2026-02-13T18:56:20.351346+00:00';
    for (let i = 0; i < right.length; i += 1) {
      const wrong = `${right.slice(0, i)}x${right.slice(i + 1)}`;
      expect(eventTimeMs(wrong)).toBeUndefined();
    }
  });

  it('is never later than the moment itself and less than a millisecond earlier', () => {
    const micros = fc
      .integer({ min: 0, max: 4102444800 })
      .chain((second) => fc.tuple(fc.constant(second), fc.nat(999_999)));
    fc.assert(
      fc.property(
        micros,
        fc.integer({ min: -14 * 60, max: 14 * 60 }),
        ([second, micro], offset) => {
          const local = new Date((second + offset * 60) * 1000).toISOString().slice(0, 19);
          fc.pre(/^(19[7-9]|2)/.test(local));
          const [sign, size] = [offset < 0 ? '-' : '+', Math.abs(offset)];
          const two = (part: number): string => String(Math.trunc(part)).padStart(2, '0');
          const text = `${local}.${String(micro).padStart(6, '0')}${sign}${two(size / 60)}:${two(size % 60)}`;
          expect(eventTimeMs(text)).toBe(second * 1000 + Math.floor(micro / 1000));
        },
      ),
    );
  });
});
