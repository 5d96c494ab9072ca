import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markup, nothing, trusted, visible } from '../../../src/web/page/markup.ts';

describe('markup', () => {
  it('escapes what it is given, in text and in attributes, and joins lists', () => {
    expect(markup`<b title="${'"><script>'}">${`a & 'b' \`c\``}</b>`.text).toBe(
      '<b title="&quot;&gt;&lt;script&gt;">a &amp; &#39;b&#39; &#96;c&#96;</b>',
    );
    expect(markup`${[markup`<i>${1}</i>`, '<', nothing, null, undefined, false]}`.text).toBe(
      '<i>1</i>&lt;',
    );
    expect(markup`${trusted('<br>')}`.text).toBe('<br>');
  });

  it('lets no text at all out of its place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { text: out } = markup`<p title="${text}">${text}</p>`;
        const inside = out.slice('<p title="'.length, -'</p>'.length);
        expect(inside.replace('">', '')).not.toMatch(/[<>"'`\u0000-\u001f\u202a-\u202e]/u);
      }),
    );
  });

  it('shows what would hide or turn the text around it, and cuts what is endless', () => {
    expect(visible('a\u202egpj.exe\n\u200b\u2028')).toBe('a\\u202egpj.exe\\u000a\\u200b\\u2028');
    expect(visible('\ud800x')).toBe('\\ud800x');
    expect(visible('Ünïcödé 名前 😀')).toBe('Ünïcödé 名前 😀');
    expect(visible('x'.repeat(5_000))).toBe(`${'x'.repeat(600)}…`);
  });
});
