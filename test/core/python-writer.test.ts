import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pythonJson, type PythonStyle } from '../../src/core/python-json.ts';
import type { Addition } from '../../src/core/python-members.ts';
import { PythonWriter } from '../../src/core/python-writer.ts';

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function written(line: Uint8Array): string {
  return Buffer.from(line).toString('latin1');
}

/** By the slow way, which is tested against what Python wrote. */
function expected(text: string, style: PythonStyle, added: readonly Addition[]): string {
  return written(pythonJson(bytes(text), style, added));
}

const blank = fc.constantFrom('', '', '', ' ', '\n', '\t\r ');
const string = fc.oneof(
  fc.string({ unit: 'grapheme-ascii' }).map((text) => JSON.stringify(text)),
  fc.string({ unit: 'grapheme', maxLength: 5 }).map((text) => JSON.stringify(text)),
  fc.constantFrom('""', '"\\/"', '"\\u00e9"', '"a\\"b"', '"\\\\"', '"\u007f"', '"é"', '"[,:{}]"'),
);
const key = fc.oneof(
  fc.constantFrom('"a"', '"b"', '"host"', '"ts"', '"\\u0061"', '"a\\/b"', '"a/b"', '"é"'),
  string,
);
const scalar = fc.oneof(
  string,
  fc.constantFrom('null', 'true', 'false', '0', '-0', '-1', '12', '1.50', '1e5', '-1E-7', '1e400'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => JSON.stringify(number)),
);
const { row } = fc.letrec<{ value: string; row: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc
      .tuple(blank, fc.array(tie('value'), { maxLength: 4 }))
      .map(([space, values]) => `[${space}${values.join(`${space},${space}`)}${space}]`),
    tie('row'),
  ),
  row: fc
    .tuple(blank, blank, fc.array(fc.tuple(key, tie('value')), { maxLength: 6 }))
    .map(([inside, around, members]) => {
      const texts = members.map(([name, value]) => `${name}${inside}:${around}${value}${inside}`);
      return `{${around}${texts.join(`,${around}`)}}`;
    }),
}));
const additions = fc.subarray<Addition>([
  ['eventtype', 'authentication'],
  ['host', 'api-é.example'],
  ['a', 'x'],
]);

describe('A row written in one pass', () => {
  it('is what the slow way writes, byte for byte', () => {
    const style = fc.constantFrom<PythonStyle>('python', 'compact');
    fc.assert(
      fc.property(
        fc.array(fc.oneof(row, fc.json({ stringUnit: 'binary' })), { maxLength: 4 }),
        style,
        additions,
        (texts, style, added) => {
          const writer = new PythonWriter(style);
          const spelled = writer.spell(added);
          const lines = texts.map((text) => writer.line(bytes(text), spelled));
          for (const [i, line] of lines.entries()) {
            expect(written(line)).toBe(expected(texts[i] ?? '', style, added));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('keeps its bytes when others are written after it, however long they are', () => {
    const writer = new PythonWriter('python');
    const spelled = writer.spell([]);
    const texts = [10, 100_000, 10, 300_000, 20_000, 10].map((length, i) =>
      JSON.stringify({ n: i, long: 'é,'.repeat(length) }),
    );
    const lines = texts.map((text) => writer.line(bytes(text), spelled));
    for (const [i, line] of lines.entries()) {
      expect(written(line)).toBe(expected(texts[i] ?? '', 'python', []));
    }
  });

  it('may have more keys than are compared one by one', () => {
    const writer = new PythonWriter('compact');
    const many = Array.from({ length: 300 }, (_, i) => `"k${i}":${i}`).join(',');
    for (const text of [`{${many}}`, `{${many},"k0":7}`, `{"x":{${many}},"x":1}`]) {
      expect(written(writer.line(bytes(text), writer.spell([])))).toBe(
        expected(text, 'compact', []),
      );
    }
  });

  it.each(['', '{', '{"a', '{"a":1', '{"a":1}}', '"\\', '{"a":"\n"}', '[1'])(
    'is refused when it is no JSON: %j',
    (text) => {
      const writer = new PythonWriter('python');
      expect(() => writer.line(bytes(text), writer.spell([]))).toThrow(/not JSON at byte/);
    },
  );
});
