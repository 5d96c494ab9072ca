import { describe, expect, it } from 'vitest';
import { countProblems, formatProblems, problemsAsJson } from '../../src/config/issues.ts';
import type { Problem } from '../../src/config/problem.ts';
import { goodConfig, loadText, skey } from './loading.ts';

const text = "a: 1\n\tb: 'x'\u001b[31m\n";
const problem: Problem = {
  severity: 'error',
  code: 'wrong_word',
  file: 'config.yml',
  line: 2,
  column: 5,
  endColumn: 8,
  path: ['b'],
  message: "b is 'x'",
  why: 'It is one of two.',
  fix: "Write 'y'.",
  didYouMean: 'y',
};

describe('a problem', () => {
  it('is shown with its place, the line, the reason and the fix', () => {
    expect(formatProblems([problem], text)).toBe(
      [
        "config.yml:2:5: error: b is 'x'",
        "    2 |  b: 'x' [31m",
        "      |     ^^^ did you mean 'y'?",
        '  why: It is one of two.',
        "  fix: Write 'y'.",
      ].join('\n'),
    );
  });

  it('in a very long line is shown with the part around it', () => {
    const long = `hostname: '${'x'.repeat(5000)}Z${'y'.repeat(5000)}'`;
    const column = long.indexOf('Z') + 1;
    const shown = formatProblems([{ ...problem, line: 1, column, endColumn: column + 1 }], long);
    expect(shown).toMatch(/^ +1 \| x{20}Zy+$/m);
    expect(shown).toMatch(/^ +\| {21}\^ /m);
    expect(shown.length).toBeLessThan(500);
  });

  it('is given to machines with its code, place and path', () => {
    expect(problemsAsJson([problem], text)).toEqual([problem]);
  });

  it('is counted with its like', () => {
    const warning: Problem = { ...problem, severity: 'warning' };
    expect(countProblems([])).toBe('no problems');
    expect(countProblems([problem, warning, problem])).toBe('2 errors, 1 warning');
  });

  it('stands with 99 others, however many there are', () => {
    const shown = formatProblems(
      Array.from({ length: 5000 }, () => problem),
      text,
    );
    expect(shown).toMatch(/… and 4900 more$/);
  });

  it('behind a secret on the same line is still pointed at', async () => {
    const flow = `account: {skey: '${skey}', ikey: 'DIXXXXXXXXXXXXXXXXXX', hostnam: 'x'}\n`;
    const result = await loadText(goodConfig([/account:[^]*/.exec(goodConfig())?.[0] ?? '', flow]));
    const shown = formatProblems(result.problems, result.text);
    const lines = shown.split('\n');
    const source = lines.findIndex((line) =>
      line.includes("skey: ***, ikey: 'DIXXXXXXXXXXXXXXXXXX'"),
    );
    const carets =
      lines.slice(source).find((line) => line.includes("did you mean 'hostname'")) ?? '';
    expect(source).toBeGreaterThan(0);
    expect(carets.indexOf('^')).toBe(lines[source]?.indexOf('hostnam'));
  });
});
