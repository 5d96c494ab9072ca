import { describe, expect, it } from 'vitest';
import { python } from './python-text.ts';

describe('Repeated keys of a row', () => {
  it('keeps the first place and the last value of a repeated key, however it is spelled', () => {
    expect(python('{"a":1,"b":2,"\\u0061":{"c":3,"c":4}}')).toBe('{"a": {"c": 4}, "b": 2}');
  });

  it('keeps two keys apart whose hashes are equal', () => {
    const [one, other] = clash();
    expect(python(`{"${one}":1,"${other}":2,"${one}":3}`)).toBe(`{"${one}": 3, "${other}": 2}`);
    expect(python(`{"${one}":1,"${other}":2}`)).toBe(`{"${one}": 1, "${other}": 2}`);
  });

  it('are found in an object with very many keys', () => {
    const many = Array.from({ length: 200 }, (_, i) => `"k${i}": ${i}`);
    const first = `{${many.join(', ')}, "k7": "last"}`;
    expect(python(first)).toBe(`{${many.join(', ').replace('"k7": 7', '"k7": "last"')}}`);
    expect(python(`{${many.join(', ')}}`)).toBe(`{${many.join(', ')}}`);
  });

  it('are found beside a number that only Python can spell', () => {
    expect(python('{"a":1e400,"b":{"c":"},"},"a":[-1e400]}')).toBe(
      '{"a": [-Infinity], "b": {"c": "},"}}',
    );
  });
});

describe('Keys added to a row', () => {
  const host = ['host', 'api-é.example'] as const;

  it('stand at its end, also of an empty row', () => {
    expect(python('{"a": 1 }', 'python', [['x', 'y'], host])).toBe(
      '{"a": 1, "x": "y", "host": "api-\\u00e9.example"}',
    );
    expect(python('{ }', 'compact', [['x', 'y'], host])).toBe(
      '{"x":"y","host":"api-\\u00e9.example"}',
    );
  });

  it('never take the place of a key that Duo sent, however it is spelled', () => {
    const kept = '{"host": null, "a": {"x": 1}}';
    expect(python(kept, 'python', [host])).toBe(kept);
    expect(python('{"\\u0068ost":1}', 'python', [host])).toBe('{"host": 1}');
    expect(python('{"a":{"host":1}}', 'python', [host])).toBe(
      '{"a": {"host": 1}, "host": "api-\\u00e9.example"}',
    );
  });

  it('are added to a row with very many keys, unless it has them', () => {
    const many = Array.from({ length: 100 }, (_, i) => `"k${i}": ${i}`).join(', ');
    expect(python(`{${many}}`, 'python', [['x', 'y']])).toBe(`{${many}, "x": "y"}`);
    expect(python(`{${many}}`, 'python', [['k99', 'y']])).toBe(`{${many}}`);
  });

  it('are added when a key of the row only has the same hash', () => {
    const [one, other] = clash();
    expect(python(`{"${one}":1}`, 'python', [[other, 'y']])).toBe(`{"${one}": 1, "${other}": "y"}`);
  });

  it('are left away from a row that is no object', () => {
    expect(python('[{}]', 'python', [host])).toBe('[{}]');
    expect(python(' "x"\n', 'python', [host])).toBe('"x"');
  });
});

/** Two keys that the 32-bit hash cannot tell apart (found by search). */
function clash(): readonly [string, string] {
  return ['k4pwu', 'kf5fa'];
}
