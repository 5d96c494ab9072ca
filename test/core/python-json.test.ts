import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pythonJson } from '../../src/core/python-json.ts';
import type { Addition } from '../../src/core/python-members.ts';

interface Golden {
  readonly case: string;
  readonly event_json_text: string;
  readonly python_default: string;
  readonly python_compact: string;
}

function cases<T>(name: string): T[] {
  const url = new URL(`../cases/formats/${name}`, import.meta.url);
  const lines = readFileSync(url, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}

function python(
  text: string,
  style: 'python' | 'compact' = 'python',
  added: readonly Addition[] = [],
): string {
  return Buffer.from(pythonJson(bytesOf(text), style, added)).toString('latin1');
}

/** UTF-8, with a lone surrogate written as an escape, the only way it can be on the wire. */
function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text.replace(/\p{Surrogate}/gu, escape4));
}

function escape4(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16)}`;
}

interface Recorded {
  readonly text: string;
  readonly python: string;
  readonly compact: string;
}

describe('JSON in the spelling of Python', () => {
  it.each(cases<Golden>('json-golden.jsonl'))('writes as DLS does: $case', (golden) => {
    expect(python(golden.event_json_text)).toBe(golden.python_default);
    expect(python(golden.event_json_text, 'compact')).toBe(golden.python_compact);
  });

  it('writes every recorded text as Python 3.11 did', () => {
    const recorded = cases<Recorded>('python-json.jsonl');
    expect(recorded.length).toBeGreaterThan(400);
    for (const { text, python: spaced, compact } of recorded) {
      expect(python(text)).toBe(spaced);
      expect(python(text, 'compact')).toBe(compact);
    }
  });

  it('changes nothing that a reader of JSON can see', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (json) => {
        const line = python(json);
        expect(line).toMatch(/^[\x20-\x7e]*$/);
        expect(JSON.parse(line)).toEqual(JSON.parse(json));
        expect(python(line)).toBe(line);
      }),
    );
  });

  it('keeps the first place and the last value of a repeated key, however it is spelled', () => {
    expect(python('{"a":1,"b":2,"\\u0061":{"c":3,"c":4}}')).toBe('{"a": {"c": 4}, "b": 2}');
  });

  it('keeps two keys apart whose hashes are equal', () => {
    const [one, other] = clash();
    expect(python(`{"${one}":1,"${other}":2,"${one}":3}`)).toBe(`{"${one}": 3, "${other}": 2}`);
    expect(python(`{"${one}":1,"${other}":2}`)).toBe(`{"${one}": 1, "${other}": 2}`);
  });

  it('writes each ill-formed byte sequence as the replacement character', () => {
    const sequences = fc.uint8Array({ maxLength: 12 }).map((raw) => raw.map((b) => b | 0x80));
    fc.assert(
      fc.property(sequences, (raw) => {
        const source = Uint8Array.of(0x22, ...raw, 0x22);
        const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(raw);
        const line = Buffer.from(pythonJson(source, 'python')).toString('latin1');
        expect(JSON.parse(line)).toBe(text);
      }),
    );
  });

  it.each([
    '',
    '{',
    '{"a":1,}',
    '{,}',
    '[1,]',
    '[,]',
    '{"a":1 "b":2}',
    '{"a" 1}',
    '"\\x"',
    '"\n"',
    '1 2',
    '"\\u12"',
  ])('refuses what is no JSON: %j', (text) => {
    expect(() => python(text)).toThrow(/not JSON at byte/);
  });

  it('refuses more than 64 levels', () => {
    expect(() => python('['.repeat(65) + ']'.repeat(65))).toThrow(/too deep/);
    expect(() => python('{"a":'.repeat(65) + '1' + '}'.repeat(65))).toThrow(/too deep/);
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
