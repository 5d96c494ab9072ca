import { describe, expect, it } from 'vitest';
import {
  counted,
  duration,
  grouped,
  minute,
  percent,
  rate,
  shortTime,
  sparkline,
} from '../../src/cli/units.ts';

describe('units', () => {
  it('say the minute of a time, and no whole before it is whole', () => {
    expect(minute('2026-11-22T02:30:59.999Z')).toBe('2026-11-22 02:30Z');
    expect([0, 0.744, 0.9999, 1].map(percent)).toEqual(['0 %', '74 %', '99 %', '100 %']);
  });

  it('say how long in the two largest that matter', () => {
    const seconds = [0, 12.9, 59.9, 60, 134, 3600, 4800, 86_399, 86_400, 273_600, 30 * 86_400, -5];
    expect(seconds.map((s) => duration(s * 1000))).toEqual([
      '0 s',
      '12 s',
      '59 s',
      '1 min',
      '2 min',
      '1 h',
      '1 h 20 min',
      '23 h 59 min',
      '1 d',
      '3 d 4 h',
      '30 d',
      '0 s',
    ]);
  });

  it('show the date of another day alone', () => {
    const now = '2026-11-22T02:30:00.000Z';
    expect(shortTime('2026-11-22T01:02:03.456Z', now)).toBe('01:02:03Z');
    expect(shortTime('2026-11-21T23:59:59.999Z', now)).toBe('2026-11-21 23:59:59Z');
  });

  it('keep rates and counts readable', () => {
    expect([0, 0.004, 0.04, 0.44, 3.21, 9.96, 15.6, 1950].map(rate)).toEqual([
      '0',
      '0.00',
      '0.04',
      '0.4',
      '3.2',
      '10.0',
      '16',
      '1,950',
    ]);
    expect([0, 999, 1000, 1234567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
    expect([counted(1, 'feed'), counted(2000, 'feed')]).toEqual(['1 feed', '2,000 feeds']);
  });

  it('draw a sparkline in which nothing and a little are not the same', () => {
    expect(sparkline([0, 1, 50, 100], false)).toBe('▁▂▅█');
    expect(sparkline([0, 0], false)).toBe('▁▁');
    expect(sparkline([0, 1, 50, 100], true)).toBe('_.=#');
  });
});
