import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachMember, JsonFault, maxDepth, skipValue } from '../../src/core/json-scan.ts';

function scan(text: string, at = 0): number {
  return skipValue(new TextEncoder().encode(text), at, 0);
}

describe('Scanning JSON', () => {
  it('ends a value exactly where its text ends, whatever follows', () => {
    const after = fc.constantFrom('', ',', ' ', '}', ']', '\n{"x":1}');
    fc.assert(
      fc.property(fc.json(), after, (json, rest) => {
        expect(scan(json + rest)).toBe(Buffer.byteLength(json));
      }),
    );
  });

  it('names the byte that is wrong', () => {
    const at = (text: string): number => {
      try {
        scan(text);
      } catch (error) {
        if (error instanceof JsonFault) return error.at;
      }
      return -1;
    };
    expect(at('{"é": tru }')).toBe(10);
    expect(at('"a\\q"')).toBe(3);
    expect(at('"\\u00x0"')).toBe(5);
    expect(at('-a')).toBe(1);
    expect(at('[1')).toBe(2);
  });

  it('allows every level up to the limit and tells when it is passed', () => {
    expect(scan('['.repeat(maxDepth) + ']'.repeat(maxDepth))).toBe(2 * maxDepth);
    expect(() => scan('['.repeat(maxDepth + 1))).toThrow(
      expect.objectContaining({ tooDeep: true }),
    );
  });

  it('gives the members of an object with the places of their keys and values', () => {
    const source = new TextEncoder().encode('{ "a" : 1 , "b":[2]}');
    const seen: string[] = [];
    eachMember(source, 0, 0, (keyStart, keyEnd, value) => {
      const end = skipValue(source, value, 1);
      seen.push(new TextDecoder().decode(source.subarray(keyStart, keyEnd)) + value + '-' + end);
      return end;
    });
    expect(seen).toEqual(['"a"8-9', '"b"16-19']);
  });
});
