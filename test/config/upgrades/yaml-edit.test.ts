import { parseDocument } from 'yaml';
import { describe, expect, it } from 'vitest';
import {
  addComments,
  asSection,
  commentsOf,
  dropRepeated,
  entryOf,
  hasValue,
  setText,
  textOf,
} from '../../../src/config/upgrades/yaml-edit.ts';

function section(text: string) {
  const document = parseDocument(text, { schema: 'failsafe', uniqueKeys: false });
  const root = asSection(document.contents);
  if (root === undefined) throw new Error('no section');
  return { document, root };
}

describe('edits of a parsed file', () => {
  it('tell a value from none', () => {
    const { root } = section("a: 1\nb:\nc: ''\nd: ~\ne: '~'\nf: [x]\n");
    const full = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].filter((name) =>
      hasValue(entryOf(root, name)),
    );
    expect(full).toEqual(['a', 'e', 'f']);
  });

  it('keep quotes and comments when the text changes', () => {
    const { document, root } = section('a: "old" # why\n');
    const entry = entryOf(root, 'a');
    if (entry === undefined) throw new Error('no entry');
    setText(entry, 'new');
    expect(textOf(entry)).toBe('new');
    expect(document.toString()).toBe('a: "new" # why\n');
  });

  it('collect every comment of what is removed, in order', () => {
    const { root } = section('x: 1\n# one\na: # two\n  # three\n  b: 1 # four\n');
    expect(commentsOf(entryOf(root, 'a')).map((text) => text.trim())).toEqual([
      'one',
      'two\n three',
      'four',
    ]);
  });

  it('drop all but the last of a repeated key, and keep the comments', () => {
    const { document, root } = section('a: 1 # first\nb:\n  c: 1\n  c: 2\na: 3\n');
    expect(dropRepeated(root)).toEqual(['a', 'c']);
    expect(document.toString()).toBe('b:\n  c: 2\n# first\na: 3\n');
  });

  it('add no empty comment', () => {
    const { document, root } = section('a: 1\n');
    const entry = entryOf(root, 'a');
    if (entry === undefined) throw new Error('no entry');
    addComments(entry, ['']);
    expect(document.toString()).toBe('a: 1\n');
  });
});
