import { describe, expect, it } from 'vitest';
import { escaped, printable, table } from '../../src/cli/table.ts';

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

  it('shows what would steer a terminal as JSON spells it, to the last character', () => {
    expect(escaped('a\u001b[31m\n\u200d\u{e0041}\ud800 \\ größe')).toBe(
      'a\\u001b[31m\\u000a\\u200d\\udb40\\udc41\\ud800 \\ größe',
    );
    // A terminal of eight bits takes a part of such a letter for the begin of a command.
    expect(escaped('Û😀', true)).toBe('\\u00db\\ud83d\\ude00');
  });
});
