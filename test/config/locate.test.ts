import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf, locate } from '../../src/config/locate.ts';
import type { Finding } from '../../src/config/problem.ts';
import { readYaml } from '../../src/config/yaml-document.ts';

describe('the place of a finding', () => {
  it('counts lines and columns from 1, with either kind of line end', () => {
    for (const end of ['\n', '\r\n']) {
      const text = ['one', '', 'three'].join(end);
      const lines = linesOf(text);
      expect(lines.at(text.indexOf('three') + 2)).toEqual({ line: 3, column: 3 });
      expect([1, 2, 3, 4].map((line) => lines.text(line))).toEqual(['one', '', 'three', '']);
    }
  });

  it('is the same as counting newlines, anywhere in any text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '\n', 'é', '\r\n')), fc.nat(60), (parts, at) => {
        const text = parts.join('');
        const offset = Math.min(at, text.length);
        const before = text.slice(0, offset).split('\n');
        expect(linesOf(text).at(offset)).toEqual({
          line: before.length,
          column: (before.at(-1)?.length ?? 0) + 1,
        });
      }),
    );
  });

  it('orders findings as the file does, and marks no further than the line', () => {
    const text = 'a: 1\nb: |\n  x\n  y\n';
    const finding = (name: string): Finding => ({
      severity: 'error',
      code: name,
      path: [name],
      message: name,
      fix: 'Write it.',
    });
    const problems = locate([finding('b'), finding('a')], 'f.yml', text, readYaml(text).root);
    expect(problems).toMatchObject([
      { code: 'a', line: 1, column: 4, endColumn: 5, file: 'f.yml' },
      { code: 'b', line: 2, column: 4, endColumn: 5 },
    ]);
  });
});
