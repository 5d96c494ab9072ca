import { describe, expect, it } from 'vitest';
import { parseTime } from '../../src/cli/time-argument.ts';

const nowMs = Date.parse('2026-11-22T02:30:00Z');
const parsed = (text: string): string | undefined => {
  const timeMs = parseTime(text, nowMs);
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
};

describe('a time on the command line', () => {
  it('is a date, a date with a time in UTC or in a zone, or so long ago', () => {
    expect(parsed('2026-11-20')).toBe('2026-11-20T00:00:00.000Z');
    expect(parsed('2026-11-20T08:15')).toBe('2026-11-20T08:15:00.000Z');
    expect(parsed('2026-11-20 08:15:30.5Z')).toBe('2026-11-20T08:15:30.500Z');
    expect(parsed('2026-11-20T08:15:30+02:00')).toBe('2026-11-20T06:15:30.000Z');
    expect(parsed('30d')).toBe('2026-10-23T02:30:00.000Z');
    expect(parsed('12h')).toBe('2026-11-21T14:30:00.000Z');
    expect(parsed('90m')).toBe('2026-11-22T01:00:00.000Z');
  });

  it('is nothing that could be meant otherwise', () => {
    for (const text of [
      '',
      'yesterday',
      '20.11.2026',
      '11/20/2026',
      '2026-02-31',
      '2026-13-01',
      '1763778600',
      '5',
      '3 d',
      '2026-11-20T25:00',
    ])
      expect([text, parsed(text)]).toEqual([text, undefined]);
  });
});
