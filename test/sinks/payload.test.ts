import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Payload, Pieces } from '../../src/sinks/payload.ts';

/** What goes to the socket when pieces of these sizes are asked for, again and again. */
function sent(payload: Payload, sizes: readonly number[]): string {
  const pieces = new Pieces(payload);
  let text = '';
  for (let n = 0; !pieces.isOver; n += 1) {
    const most = sizes[n % sizes.length] ?? 1;
    const piece = pieces.next(most);
    expect(piece.length).toBeGreaterThan(0);
    expect(piece.length).toBeLessThanOrEqual(most);
    text += Buffer.from(piece).toString('latin1');
  }
  return text;
}

describe('the lines of a group on their way to the socket', () => {
  it('go whole, in order, each with its newline, however they are cut', () => {
    const lines = fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 20 }), { maxLength: 12 });
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(lines, sizes, (texts, most) => {
        const payload = new Payload(texts.map((text) => Buffer.from(text)));
        const whole = texts.map((text) => `${text}\n`).join('');
        expect(payload.length).toBe(whole.length);
        expect(sent(payload, most)).toBe(whole);
      }),
    );
  });

  it('can go in part', () => {
    const payload = new Payload(['a', 'bb', '', 'c'].map((text) => Buffer.from(text)));
    const part = payload.part(1, 3);
    expect(part.length).toBe(4);
    expect(sent(part, [3])).toBe('bb\n\n');
    expect(payload.part(3, 99).lines).toHaveLength(1);
  });

  it('are copied into the same memory, piece after piece', () => {
    const pieces = new Pieces(new Payload([Buffer.from('abc'), Buffer.from('def')]));
    const first = pieces.next(4);
    const second = pieces.next(4);
    expect(second.buffer).toBe(first.buffer);
    expect(Buffer.from(second).toString()).toBe('def\n');
  });
});
