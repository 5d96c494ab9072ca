import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { element, xmlText } from '../../../src/cli/service/xml.ts';
import { readXml } from '../../helpers/xml.ts';

describe('written XML', () => {
  it('gives back any text and attribute', () => {
    // Control characters have no place in XML 1.0; paths hold none.
    const text = fc
      .string({ unit: 'grapheme' })
      .filter((one) => !/[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(one));
    fc.assert(
      fc.property(text, text, (inner, attribute) => {
        const written = xmlText({
          name: 'a',
          attributes: { b: attribute },
          content: [element('c', inner)],
        });
        const read = readXml(written);
        expect(read.attributes['b']).toBe(attribute);
        expect(read.children[0]?.text).toBe(inner);
        expect(written).toMatch(/^[\n\x20-\x7e]*$/);
      }),
    );
  });

  it('is told from what is not well-formed', () => {
    for (const wrong of ['<a>', '<a></b>', '<a/><b/>', '<a>&x;</a>', '<a b="<"/>', '<a>x<b/></a>'])
      expect(() => readXml(wrong), wrong).toThrow();
  });
});
