import { describe, expect, it } from 'vitest';
import { files, textOf } from './sources.ts';

const lines = (file: string): number => textOf(file).split('\n').length - 1;
const tooLong = (most: number, ...patterns: string[]): string[] =>
  files(...patterns)
    .filter((file) => lines(file) > most)
    .map((file) => `${file} has ${lines(file)} lines, at most ${most} are read at one go`);

describe('a file', () => {
  it('of the sources has at most 300 lines', () => {
    expect(tooLong(300, 'src/*.ts', 'scripts/*')).toEqual([]);
  });

  it('of the tests has at most 500 lines', () => {
    expect(tooLong(500, 'test/*.ts')).toEqual([]);
  });

  it('of the sources has about 100 lines, in the middle', () => {
    const sizes = files('src/*.ts').map(lines);
    expect(sizes.reduce((sum, size) => sum + size, 0) / sizes.length).toBeLessThan(120);
  });
});
