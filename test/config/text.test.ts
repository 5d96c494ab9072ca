import { describe, expect, it } from 'vitest';
import { decodeText } from '../../src/config/text.ts';

describe('the text of the file', () => {
  it('loses its byte order mark', () => {
    expect(decodeText(Buffer.from('\ufeffa: 1'), 100)).toEqual({ text: 'a: 1' });
  });

  it('keeps the letters of Windows-1252', () => {
    const { text, finding } = decodeText(Buffer.from([0x61, 0xfc, 0x80]), 100);
    expect(text).toBe('aü€');
    expect(finding).toMatchObject({ severity: 'warning', span: { start: 1, end: 2 } });
  });

  it('has its lines where Python sees them, and its places where they were', () => {
    expect(decodeText(Buffer.from('a: 1\rb: 2\r\nc: 3\r'), 100).text).toBe('a: 1\nb: 2\r\nc: 3\n');
  });

  it('may be as long as the limit and no longer', () => {
    expect(decodeText(Buffer.from('abc'), 3).finding).toBeUndefined();
    expect(decodeText(Buffer.from('abcd'), 3).finding?.code).toBe('config_too_large');
  });
});
