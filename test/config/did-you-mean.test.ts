import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean, editDistance } from '../../src/config/did-you-mean.ts';

describe('did you mean', () => {
  it.each([
    ['hostnam', ['ikey', 'hostname'], 'hostname'],
    ['auht', ['auth', 'activity'], 'auth'],
    ['tcp', ['TCP', 'UDP'], 'TCP'],
    ['json', ['JSON', 'CEF'], 'JSON'],
    ['xyz', ['JSON', 'CEF'], undefined],
    ['', ['JSON'], undefined],
  ])('%j among %j is %j', (word, known, meant) => {
    expect(didYouMean(word, known)).toBe(meant);
  });

  it('counts a swap of neighbours as one', () => {
    expect(editDistance('auht', 'auth')).toBe(1);
    expect(editDistance('abc', '')).toBe(3);
  });

  it('measures the same distance in both directions, and none between equals', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (left, right) => {
        expect(editDistance(left, right)).toBe(editDistance(right, left));
        expect(editDistance(left, left)).toBe(0);
      }),
    );
  });

  it('gives up on a word that is far too long, at once', () => {
    expect(didYouMean('a'.repeat(1_000_000), ['auth'])).toBeUndefined();
  });
});
