import fc from 'fast-check';
import type { JsonValue } from '../../src/core/types.ts';

/** Texts that try to leave their value, their pair or their line. */
export const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '=',
      '\\',
      '|',
      ' ',
      '\n',
      '\r',
      '\t',
      '\u0000',
      '\u0085',
      '\u2028',
      'é',
      '😀',
      ' x=',
      'CEF:0|',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 90,
});

export const anything: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 6, arbitrary: nasty },
  fc.constantFrom<JsonValue>(null, '', 'null', [], {}, true, 0, 1.5, ['a=b'], { 'k\n': 'v|\\' }),
);

/** Sets the value at a dotted path, with the objects that lead there. */
export function put(row: Record<string, JsonValue>, path: string, value: JsonValue): void {
  const [key = '', ...rest] = path.split('.');
  if (rest.length === 0) row[key] = value;
  else put((row[key] ??= {}) as Record<string, JsonValue>, rest.join('.'), value);
}

/** What a pair should say about a value, told apart from how it is escaped. */
export function intended(raw: JsonValue | undefined, limit: number): string {
  const empty =
    raw === undefined || raw === null || (typeof raw === 'object' && Object.keys(raw).length === 0);
  const text = empty ? '' : typeof raw === 'object' ? JSON.stringify(raw) : String(raw);
  const characters = [...text].map((c) =>
    /[\p{Cc}\u2028\u2029]/u.test(c) && !/[\r\n]/.test(c) ? ' ' : c,
  );
  const line = characters.slice(0, limit).join('').replace(/\r\n?/g, '\n');
  return line.replace(/^ +/, '').replace(/ +$/, '');
}
