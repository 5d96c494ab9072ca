import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { failure, failures, type FailureCode } from '../../src/duo/failures.ts';

const codes = Object.keys(failures) as FailureCode[];

describe('the table of failures', () => {
  it.each(codes)('%s tells a person in a whole sentence what can be done', (code) => {
    expect(failures[code].hint).toMatch(/^[A-Z].{20,}\.$/s);
    expect(failure(code, 'text')).toMatchObject({ code, message: 'text', ...failures[code] });
  });

  it('has no row that no test provokes', () => {
    const folder = new URL('.', import.meta.url);
    const tests = readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => readFileSync(new URL(name, folder), 'utf8'))
      .join('\n');
    expect(codes.filter((code) => !tests.includes(`'${code}'`))).toEqual([]);
  });

  it('never ends the program: what is wrong with Duo can heal', () => {
    const remedies = new Set(codes.map((code) => failures[code].remedy));
    expect([...remedies].sort()).toEqual(['park', 'retry']);
  });
});
