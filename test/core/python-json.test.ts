import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { python } from './python-text.ts';

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
    '"\u001f"',
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
