import { describe, expect, it } from 'vitest';
import { type Happening, allowedRepeats } from '../../scripts/soak/repeats.ts';

const group = (lines: number): Happening => ({ kind: 'connection', lines, orderly: true });
const broken = (lines: number): Happening => ({ kind: 'connection', lines, orderly: false });
const failure: Happening = { kind: 'failure' };
const pages: Happening = { kind: 'pages' };

describe('repeats', () => {
  it('are not allowed while all is well', () => {
    expect(allowedRepeats([group(10), group(20), group(30)], 500)).toBe(0);
  });

  it('are allowed for what was not confirmed, and for the last two groups', () => {
    expect(allowedRepeats([broken(7)], 500)).toBe(7);
    expect(allowedRepeats([group(10), group(20), broken(7)], 500)).toBe(37);
    expect(allowedRepeats([group(10), failure], 500)).toBe(10);
    expect(allowedRepeats([group(10), group(20), failure, failure], 500)).toBe(60);
  });

  it('are allowed for the page of each feed when the program ends', () => {
    expect(allowedRepeats([group(10), pages, pages], 500)).toBe(1000);
  });

  it('are allowed for whole groups that are sent again in pieces', () => {
    const pieces = [group(20), group(20), group(20), group(20)];
    expect(allowedRepeats([group(60), group(50), failure, ...pieces, failure], 500)).toBe(220);
  });

  it('do not grow by a large group of long ago', () => {
    const small = Array.from({ length: 20 }, () => group(1));
    expect(allowedRepeats([group(4000), ...small, failure], 500)).toBe(2);
  });
});
