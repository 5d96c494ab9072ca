import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { createClean, titleOf } from '../../src/duo/wire-text.ts';

describe('text from the wire', () => {
  it('is one line of at most 200 characters and an ellipsis, before its escapes', () => {
    const clean = createClean([]);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1000 }), (text) => {
        const cleaned = clean(text);
        expect(cleaned).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(cleaned.replace(/\\u[0-9a-f]{4}/g, '.').length).toBeLessThanOrEqual(402);
      }),
    );
    expect(clean('a'.repeat(300))).toBe(`${'a'.repeat(200)}…`);
    expect(clean('plain words – Größe')).toBe('plain words – Größe');
    expect(clean('a\nb\u001b[31m\u202e\ud800')).toBe('a\\u000ab\\u001b[31m\\u202e\\ud800');
  });

  it('holds no secret in any of its forms, also where the cut would leave a part of it', () => {
    const secret = new Secret('k€y+/=');
    const clean = createClean([secret, new Secret('')]);
    const value = secret.reveal();
    const bytes = Buffer.from(value);
    for (const form of [
      value,
      encodeURIComponent(value),
      bytes.toString('base64'),
      bytes.toString('base64url'),
    ]) {
      expect(clean(`<${form}>`)).toBe('<***>');
      expect(clean(`${'a'.repeat(197)}${form}`)).toBe(`${'a'.repeat(197)}***`);
    }
  });
});

describe('the title of a page', () => {
  it.each([
    ['<title>Log in</title>', 'Log in'],
    ['<TITLE id="x">\n Log\n in ', 'Log in'],
    ['<title></title>', undefined],
    ['no page', undefined],
  ])('of %j is %j', (html, title) => {
    expect(titleOf(html)).toBe(title);
  });
});
