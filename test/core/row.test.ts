import { describe, expect, it } from 'vitest';
import { Row, isObject, valueAt } from '../../src/core/row.ts';

const row = (text: string): Row => new Row(Buffer.from(text));

describe('a row', () => {
  it('keeps the bytes as Duo sent them', () => {
    const source = Buffer.from('{"a": 1.0}');
    expect(new Row(source).source).toBe(source);
  });

  it('is parsed when somebody looks inside, and what was parsed is not kept', () => {
    const broken = row('{"a":');
    expect(() => broken.body).toThrow(SyntaxError);
    const whole = row('{"a":{"b":["c"]}}');
    expect(whole.body).not.toBe(whole.body);
    expect(whole.body).toEqual({ a: { b: ['c'] } });
  });

  it('that is no object has an empty body', () => {
    for (const text of ['null', '7', '"text"', '[1]', 'true']) expect(row(text).body).toEqual({});
  });
});

describe('the value at a path', () => {
  const body = row('{"a":{"b":0},"list":["x"],"a.b":"dotted","__proto__":{"p":1},"n":null}').body;

  it('is found at any depth', () => {
    expect(valueAt(body, 'a.b')).toBe(0);
    expect(valueAt(body, 'a')).toEqual({ b: 0 });
    expect(valueAt(body, 'n')).toBeNull();
  });

  it('is undefined where there is none', () => {
    for (const path of ['x', 'a.x', 'a.b.c', 'n.x', 'list.0', '']) {
      expect(valueAt(body, path)).toBeUndefined();
    }
  });

  it("is never one of JavaScript's own", () => {
    for (const path of ['toString', 'constructor.name', 'a.hasOwnProperty', 'list.length']) {
      expect(valueAt(body, path)).toBeUndefined();
    }
    expect(valueAt(body, '__proto__.p')).toBe(1);
  });
});

describe('an object', () => {
  it('is neither a list nor null', () => {
    expect([{}, { a: 1 }].every(isObject)).toBe(true);
    expect([undefined, null, [], 'x', 1, true].some(isObject)).toBe(false);
  });
});
