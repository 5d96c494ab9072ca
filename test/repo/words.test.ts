import { describe, expect, it } from 'vitest';
import { files, textOf } from './sources.ts';

const binary = /\.(png|ico|gz|tgz)$/;
/** Spelled apart, so that this file does not find itself. */
const unfinished = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'HA' + 'CK'].join('|'));
const switchedOff = new RegExp(
  [
    '@ts-' + '(ignore|nocheck|expect-error)',
    'eslint-' + 'disable',
    '\\b(it|test|describe)\\.(skip|only|todo|fails)\\b',
  ].join('|'),
);
const doubtful = new RegExp('\\bas un' + 'known as\\b|: an' + 'y\\b|<an' + 'y>|as an' + 'y\\b');
const places = /(?<![\w.\/-])\/(work|root|workspace)\//;
const registry =
  /"resolved": "https?:\/\/(?!registry\.npmjs\.org\/)|\bhttps?:\/\/[^/\s"']*(artifactory|nexus|verdaccio|npm-mirror|proxy\.internal)/i;

function found(pattern: RegExp, ...where: string[]): string[] {
  return files(...where)
    .filter((file) => !binary.test(file))
    .flatMap((file) =>
      textOf(file)
        .split('\n')
        .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
    );
}

const code = ['src', 'scripts', 'test/*.ts'];

describe("the project's files", () => {
  it('promise no work for later', () => {
    expect(found(unfinished, 'src', 'scripts', 'test/*.ts', 'docs', '*.md', '.github')).toEqual([]);
  });

  it('switch off no check and leave out no test', () => {
    expect(found(switchedOff, ...code)).toEqual([]);
  });

  it('do not talk the type checker out of its doubts', () => {
    expect(found(doubtful, 'src', 'scripts/*.ts')).toEqual([]);
  });

  it("name no folder of anybody's machine", () => {
    expect(found(places)).toEqual([]);
  });

  it('name no registry but the public one', () => {
    expect(found(registry)).toEqual([]);
  });
});
