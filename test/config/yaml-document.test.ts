import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeAt, readYaml, spanOf, textAt } from '../../src/config/yaml-document.ts';
import { valueOf } from '../../src/config/yaml-tree.ts';

function value(text: string): unknown {
  const { root } = readYaml(text);
  return root === undefined ? undefined : valueOf(root);
}

const codes = (text: string): string[] => readYaml(text).findings.map(({ code }) => code);

describe('a YAML file', () => {
  it('is read with its values and lists', () => {
    expect(value('a: 1\nb:\n  - x\n  - {c: yes}\n')).toEqual({ a: 1, b: ['x', { c: true }] });
  });

  it('may be empty, or hold comments alone', () => {
    for (const text of ['', '# only this\n', '---\n']) {
      expect(readYaml(text).findings).toEqual([]);
      expect(value(text) ?? null).toBeNull();
    }
  });

  it('knows where each value stands', () => {
    const text = 'a:\n  b: "x y"\n  c:\n    - one\n';
    const { root } = readYaml(text);
    const at = (path: (string | number)[], atKey = false): string => {
      const { start, end } = spanOf(root, path, atKey);
      return text.slice(start, end);
    };
    expect(at(['a', 'b'])).toBe('"x y"');
    expect(at(['a', 'b'], true)).toBe('b');
    expect(at(['a', 'c', 0])).toBe('one');
    expect(at(['a', 'missing'])).toBe('a');
    expect(textAt(root, ['a', 'b'])).toBe('x y');
    expect(nodeAt(root, ['a', 'c', 7])).toBeUndefined();
  });

  it.each([
    ['a:\n\tb: 1\n', 'yaml_tab_as_indent'],
    ['a: "C:\\duo"\n', 'yaml_bad_dq_escape'],
    ['a: b: c\n', 'yaml_block_as_implicit_key'],
    ["a: 'x\n", 'yaml_missing_char'],
    ['a: @x\n', 'yaml_bad_scalar_start'],
    ['a: 1\n---\nb: 2\n', 'yaml_several_documents'],
    ['a: !secret x\n', 'yaml_tag'],
    ['a: *nothing\n', 'yaml_reference'],
    ['a: &a [*a]\n', 'yaml_reference'],
    ['? [a]\n: b\n', 'yaml_key'],
    ['<<: 1\n', 'yaml_merge'],
    ['a: \u0007\n', 'yaml_control_character'],
  ])('%j is refused with a code of its own', (text, code) => {
    const { root, findings } = readYaml(text);
    expect(root).toBeUndefined();
    expect(findings.map((finding) => finding.code)).toContain(code);
    expect(findings[0]?.fix).toMatch(/^[A-Z'].*\.$/);
  });

  it('may have a comment right behind a quote, with a warning, because PyYAML takes it', () => {
    expect(value("a: 'x'#y\nb: 1\n")).toEqual({ a: 'x', b: 1 });
    expect(codes("a: 'x'#y\n")).toEqual(['comment_without_space']);
    expect(value('a: x#y\n')).toEqual({ a: 'x#y' });
  });

  const levels = 'bcdefghi';
  const bomb = [...levels]
    .map(
      (name, index) =>
        `${name}: &${name} [${Array(9)
          .fill(`*${'abcdefghi'[index] ?? ''}`)
          .join(',')}]`,
    )
    .join('\n');

  it.each([
    ['brackets', '['.repeat(1_000_000)],
    ['braces', '{a: '.repeat(200_000)],
    ['dashes', '- '.repeat(500_000)],
    ['question marks', '? '.repeat(500_000)],
    ['colons', ': '.repeat(500_000)],
    ['closing brackets', ']'.repeat(1_000_000)],
    ['quotes', '"'.repeat(1_000_000)],
    ['indentation', Array.from({ length: 900 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['references', `a: &a [x,x,x,x,x,x,x,x,x]\n${bomb}`],
    ['documents', '---\n'.repeat(250_000)],
  ])('of nothing but %s is refused in a few seconds', (_name, text) => {
    const begin = performance.now();
    expect(readYaml(text).root).toBeUndefined();
    expect(codes(text)).not.toEqual([]);
    expect(performance.now() - begin).toBeLessThan(15_000);
  });

  it('never throws, whatever it holds', () => {
    const piece = fc.constantFrom(
      ...[
        'a',
        ': ',
        '- ',
        '\n',
        '  ',
        '[',
        ']',
        '{',
        '}',
        '&a ',
        '*a',
        '!',
        '!!int ',
        '"',
        "'",
        '|',
        '>',
      ],
      ...[
        '\\',
        '#',
        '? ',
        '%',
        '---\n',
        '...\n',
        ',',
        '\t',
        '\r\n',
        '<<: ',
        '~',
        '012',
        '\u2028',
        '\ufeff',
      ],
    );
    const text = fc.array(piece, { maxLength: 60 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (input) => {
        const { root, findings } = readYaml(input);
        if (root !== undefined) valueOf(root);
        for (const { span } of findings)
          if (span !== undefined) expect(span.end).toBeGreaterThanOrEqual(span.start);
      }),
      { numRuns: 3000 },
    );
  });
});
