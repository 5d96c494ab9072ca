import { describe, expect, it } from 'vitest';
import { clip, orList, pathText } from '../../src/config/problem.ts';

describe('words of a problem', () => {
  it('name a setting as people write it', () => {
    expect(pathText(['servers', 0, 'port'])).toBe('servers[0].port');
    expect(pathText([])).toBe('');
  });

  it('show foreign text short, and without what moves the cursor or turns the direction of writing', () => {
    expect(clip('a\u001b[2J\nb\u202e')).toBe('a?[2J?b?');
    expect(clip('x'.repeat(1000))).toBe(`${'x'.repeat(57)}...`);
  });

  it('list what is allowed', () => {
    expect(orList(['JSON', 'CEF'])).toBe('JSON or CEF');
    expect(orList(['1.0.0'])).toBe("'1.0.0'");
  });
});
