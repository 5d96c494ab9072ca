import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonWriter } from '../../src/core/json-writer.ts';

describe('Bytes under construction', () => {
  it('are all there in order, however little room was expected', () => {
    const step = fc.oneof(fc.nat(255), fc.string({ unit: 'grapheme-ascii' }), fc.uint8Array());
    fc.assert(
      fc.property(fc.array(step), fc.nat(8), (steps, expected) => {
        const writer = new JsonWriter(expected);
        const parts: Uint8Array[] = [];
        for (const part of steps) {
          if (typeof part === 'number') writer.byte(part);
          else if (typeof part === 'string') writer.ascii(part);
          else writer.copy(Uint8Array.of(1, ...part, 2), 1, part.length + 1);
          parts.push(typeof part === 'number' ? Uint8Array.of(part) : Buffer.from(part));
        }
        expect(Buffer.from(writer.written())).toEqual(Buffer.concat(parts));
      }),
    );
  });

  it('can be taken back by setting the length', () => {
    const writer = new JsonWriter(4);
    writer.ascii('abcdef');
    writer.length = 2;
    writer.ascii('x');
    expect(Buffer.from(writer.written()).toString()).toBe('abx');
  });
});
