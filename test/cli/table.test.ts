import { describe, expect, it } from 'vitest';
import { printable, table } from '../../src/cli/table.ts';

describe('a table for people', () => {
  it('has columns as wide as their widest cell, and no blanks at the end', () => {
    const rows = [
      ['A', 'LONG', 'C'],
      ['1', '2', ''],
      ['wide', '', 'x'],
    ];
    expect(table(rows)).toBe('A     LONG  C\n1     2\nwide        x');
  });

  it('cannot be steered by what Duo sends', () => {
    expect(printable('a\u001b[31mb\nc\u202e')).toBe('a?[31mb?c?');
  });
});
