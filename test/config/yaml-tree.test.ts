import { describe, expect, it } from 'vitest';
import { readYaml } from '../../src/config/yaml-document.ts';
import { valueOf, YamlDate } from '../../src/config/yaml-tree.ts';

function value(text: string): unknown {
  const { root } = readYaml(text);
  return root === undefined ? undefined : valueOf(root);
}

describe('the values of a YAML file', () => {
  it('take the last of a repeated key, with a warning at the repetition', () => {
    const { root, findings } = readYaml('a: 1\nb: 2\na: 3\n');
    expect(root === undefined ? undefined : valueOf(root)).toEqual({ a: 3, b: 2 });
    expect(findings).toMatchObject([
      { severity: 'warning', code: 'repeated_key', span: { start: 10 } },
    ]);
  });

  it('follow references', () => {
    expect(value('a: &x {b: 1}\nc: *x\n')).toEqual({ a: { b: 1 }, c: { b: 1 } });
  });

  it('merge sections with <<, their own keys counting first', () => {
    const text = 'base: &b {x: 1, y: 1}\nmore: &m {y: 2, z: 2}\nall:\n  y: 0\n  <<: [*b, *m]\n';
    expect(value(text)).toMatchObject({ all: { x: 1, y: 0, z: 2 } });
  });

  it('are text when they are quoted, or tagged as text', () => {
    expect(value('a: "012"\nb: !!str 012\nc: ! yes\nd: |\n  5\n')).toEqual({
      a: '012',
      b: '012',
      c: 'yes',
      d: '5\n',
    });
  });

  it('take a tag of YAML itself', () => {
    expect(value('a: !!int "5"\nb: !!bool yes\n')).toEqual({ a: 5, b: true });
  });

  it('keep a date apart from text', () => {
    expect(value('2020-01-01')).toBeInstanceOf(YamlDate);
  });

  it('hold keys as they are written, also those that JavaScript knows', () => {
    const read = value('__proto__: 1\non: 2\n1: 3\n') as Record<string, unknown>;
    expect(Object.keys(read).sort()).toEqual(['1', '__proto__', 'on']);
    expect({}).not.toHaveProperty('polluted');
  });
});
