import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pythonJson } from '../../src/core/python-json.ts';

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

function python(text: string, style: 'python' | 'compact' = 'python'): string {
  return Buffer.from(pythonJson(bytesOf(text), style)).toString('latin1');
}

/** UTF-8, with a lone surrogate written as an escape, the only way it can be on the wire. */
function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text.replace(/\p{Surrogate}/gu, escape4));
}

function escape4(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16)}`;
}

describe('JSON in the spelling of Python', () => {
  it.each(cases<Golden>('json-golden.jsonl'))('writes as DLS does: $case', (golden) => {
    expect(python(golden.event_json_text)).toBe(golden.python_default);
    expect(python(golden.event_json_text, 'compact')).toBe(golden.python_compact);
  });
});
