import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../src/core/json-bytes.ts';
import type { Row } from '../../src/core/row.ts';
import { isObject } from '../../src/core/row.ts';
import type { JsonValue } from '../../src/core/types.ts';

function rowsOf(texts: readonly string[], blank = ''): Row[] {
  const list = texts.map((text) => blank + text + blank).join(',');
  const body = new TextEncoder().encode(`{"response":{"items":[${blank}${list}]},"stat":"OK"}`);
  return readAnswer(body).lists.get('items')?.rows() ?? [];
}

function own(text: string, key: string): JsonValue | undefined {
  const value = JSON.parse(text) as JsonValue;
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

const keys = ['id', 'ts', 'a', 'toString', '__proto__'];
const member = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...keys.map((key) => JSON.stringify(key)), '"\\u0069d"', '"t\\u0073"'),
      fc.string({ unit: 'binary' }).map((key) => JSON.stringify(key)),
    ),
    fc.oneof(
      fc.json({ stringUnit: 'binary', maxDepth: 2 }),
      fc.constantFrom('"\\u00e9"', '"\u00e9"', '"a\\/b"', '-0', '1.50', '1e3', '{"id":"inner"}'),
    ),
    fc.constantFrom('', ' ', '\n'),
  )
  .map(([key, value, blank]) => `${key}${blank}:${blank}${value}${blank}`);
const rowText = fc.oneof(
  fc.array(member, { maxLength: 6 }).map((members) => `{${members.join(',')}}`),
  fc.json({ stringUnit: 'binary' }),
);

describe('the rows of a list', () => {
  it('show their values as the parsed row does, whoever looks first', () => {
    fc.assert(
      fc.property(
        fc.array(rowText, { maxLength: 12 }),
        fc.constantFrom('', ' ', '\t\n'),
        fc.boolean(),
        (texts, blank, parseFirst) => {
          for (const [i, row] of rowsOf(texts, blank).entries()) {
            const text = texts[i] ?? '';
            const value = JSON.parse(text) as JsonValue;
            if (parseFirst) expect(row.body).toEqual(isObject(value) ? value : {});
            for (const key of keys) expect(row.value(key)).toEqual(own(text, key));
            expect(row.body).toEqual(isObject(value) ? value : {});
            expect(Buffer.from(row.source).toString()).toBe(text);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('give a repeated key its last value, and a key with escapes its own', () => {
    const [row, other] = rowsOf(['{"id":"x","id":"y"}', '{"id":"x","\\u0069d":"z"}']);
    expect(row?.value('id')).toBe('y');
    expect(other?.value('id')).toBe('z');
    expect(row?.value('i')).toBeUndefined();
    expect(row?.value('id"')).toBeUndefined();
  });

  it('are each reader’s own, so that nothing parsed stays with a kept answer', () => {
    const list = readAnswer(Buffer.from('{"response":[{"a":1}]}')).lists.get('');
    expect(list?.length).toBe(1);
    expect(list?.rows()[0]?.body).toEqual({ a: 1 });
    expect(list?.rows()[0]?.body).not.toBe(list?.rows()[0]?.body);
  });
});
