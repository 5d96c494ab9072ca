import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pythonJson } from '../../src/core/python-json.ts';
import { python } from './python-text.ts';

describe("A row's text in the spelling of Python", () => {
  it.each([
    ['"\\/"', '"/"'],
    ['"\\u002F\\u0041"', '"/A"'],
    ['"\\u0022\\u005c"', '"\\"\\\\"'],
    ['"\\u0008\\u000c\\u000a\\u000d\\u0009"', '"\\b\\f\\n\\r\\t"'],
    ['"\\u001F\\u007F\u007f"', '"\\u001f\\u007f\\u007f"'],
    ['"é\\u00E9"', '"\\u00e9\\u00e9"'],
    ['"😀\\uD83D\\uDE00"', '"\\ud83d\\ude00\\ud83d\\ude00"'],
    ['"\\uDE00 \\uD83D"', '"\\ude00 \\ud83d"'],
  ])('is as short and as plain as there: %s', (text, expected) => {
    expect(python(text)).toBe(expected);
  });

  it('writes each ill-formed byte sequence as the replacement character', () => {
    // The bytes around which well-formed and ill-formed part (Unicode, table 3-7).
    const edges = [0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef];
    const edge = fc.constantFrom(...edges, 0xf0, 0xf1, 0xf4, 0xf5, 0xff);
    const sequences = fc.array(fc.oneof(edge, fc.integer({ min: 0x80, max: 0xff })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(sequences, (raw) => {
        const source = Uint8Array.of(0x22, ...raw, 0x22);
        const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(raw));
        const line = Buffer.from(pythonJson(source, 'python')).toString('latin1');
        expect(JSON.parse(line)).toBe(text);
      }),
      { numRuns: 3000 },
    );
  });
});
