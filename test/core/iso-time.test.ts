import { describe, expect, it } from 'vitest';
import { isoTime } from '../../src/core/iso-time.ts';

describe('a time for people', () => {
  it('is UTC, and a number where no date can hold it', () => {
    expect(isoTime(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(isoTime(9e15)).toBe('9000000000000000');
  });
});
