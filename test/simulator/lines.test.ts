import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineCutter } from '../../src/simulator/lines.ts';

describe('a line cutter', () => {
  it('finds the same lines however the bytes are cut', () => {
    const line = fc
      .uint8Array({ maxLength: 12 })
      .map((bytes) => bytes.map((b) => (b === 10 ? 11 : b)));
    const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(line), line, sizes, (lines, rest, cuts) => {
        const newline = Buffer.from('\n');
        const whole = Buffer.concat([...lines.flatMap((bytes) => [bytes, newline]), rest]);
        const cutter = createLineCutter();
        const found: Buffer[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn += 1) {
          const size = cuts[turn % cuts.length] ?? 1;
          found.push(...cutter.push(whole.subarray(at, at + size)));
          at += size;
        }
        expect(found.map((bytes) => bytes.toString('hex'))).toEqual(
          lines.map((bytes) => Buffer.from(bytes).toString('hex')),
        );
        expect(cutter.pending).toBe(rest.length);
        expect(cutter.rest().toString('hex')).toBe(Buffer.from(rest).toString('hex'));
      }),
    );
  });
});
