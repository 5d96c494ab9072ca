import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cefHeader, cefToken, cefValue, plainText } from '../../src/formatters/cef-escape.ts';

const text = fc.string({ unit: 'binary', maxLength: 200 });

describe("A field of CEF's header", () => {
  it('escapes backslash and pipe only', () => {
    expect(cefHeader('a|b\\c=d', 99)).toBe('a\\|b\\\\c=d');
  });

  it('reads back as one line of at most its length', () => {
    fc.assert(
      fc.property(text, fc.nat(20), (value, limit) => {
        const escaped = cefHeader(value, limit);
        expect(escaped).not.toMatch(/(^|[^\\])(\\\\)*\|/);
        const back = escaped.replace(/\\(.)/gsu, '$1');
        expect(back).toBe(
          [...value]
            .slice(0, limit)
            .join('')
            .replace(/[\p{Cc}\u2028\u2029]/gu, ' '),
        );
      }),
    );
  });
});

describe('The class of a CEF event', () => {
  it('is a word, one sign for each character', () => {
    expect(cefToken('WebAuthn Chrome Touch ID', 99)).toBe('WebAuthn_Chrome_Touch_ID');
    expect(cefToken('é|😀\n.-_', 99)).toBe('____.-_');
    expect(cefToken('abc', 2)).toBe('ab');
  });
});

describe('A value of CEF', () => {
  it('has no line end, no other control character and no bare equals sign', () => {
    fc.assert(
      fc.property(text, (value) => {
        const escaped = cefValue(value, 1023) ?? '';
        expect(escaped).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        expect(escaped).not.toMatch(/(^|[^\\])(\\\\)*=/);
        expect(escaped.replaceAll(/\\[\\=n]/g, '')).not.toContain('\\');
      }),
    );
  });

  it('is cut before it is escaped, so that no escape is cut in two', () => {
    expect(cefValue('==', 1)).toBe('\\=');
    expect(cefValue('\r\n\r\n', 3)).toBe('\\n\\n');
    expect(cefValue('😀😀', 1)).toBe('😀');
  });

  it('has no blanks around it', () => {
    expect(cefValue('  a b\t', 99)).toBe('a b');
    expect(cefValue(' \t ', 99)).toBeUndefined();
  });

  it('is left out when there is nothing to say', () => {
    for (const value of [undefined, null, '', [], {}]) expect(cefValue(value, 99)).toBeUndefined();
    expect(cefValue(0, 99)).toBe('0');
    expect(cefValue(false, 99)).toBe('false');
  });

  it('is compact JSON for what has parts', () => {
    expect(plainText({ a: [1, null, 'é'] })).toBe('{"a":[1,null,"é"]}');
    expect(cefValue(['\n='], 99)).toBe('["\\\\n\\="]');
  });

  it('stays UTF-8 with half of a surrogate pair inside', () => {
    const bytes = new TextEncoder().encode(cefValue('a\ud83d', 99) ?? '');
    expect(new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toBe('a\ufffd');
  });
});
