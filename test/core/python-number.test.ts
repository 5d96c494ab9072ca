import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pythonFloat, pythonNumber } from '../../src/core/python-number.ts';

describe('A number in the spelling of Python', () => {
  it.each([
    ['-0', '0'],
    ['-0.0', '-0.0'],
    ['12345678901234567890123', '12345678901234567890123'],
    ['1.50', '1.5'],
    ['1e5', '100000.0'],
    ['1e15', '1000000000000000.0'],
    ['1e16', '1e+16'],
    ['0.0001', '0.0001'],
    ['0.00001', '1e-05'],
    ['1.5e-7', '1.5e-07'],
    ['123e20', '1.23e+22'],
    ['1E400', 'Infinity'],
    ['-1E400', '-Infinity'],
    ['1771008980.351346', '1771008980.351346'],
  ])('%s is %s', (text, expected) => {
    expect(pythonNumber(text)).toBe(expected);
  });

  it('reads back as the same double, and again as itself', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const text = pythonFloat(value);
        expect(Number(text)).toBe(value);
        if (Number.isFinite(value)) expect(pythonNumber(text)).toBe(text);
      }),
    );
  });

  it('keeps every digit of a whole number of any size', () => {
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        expect(pythonNumber(String(value))).toBe(String(value));
      }),
    );
  });
});
