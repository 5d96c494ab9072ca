import { basename } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { files, textOf } from './sources.ts';

/** What lists and contracts promise is tested where it is kept. */
const without = ['index', 'main'];

function isContract(file: string): boolean {
  const [, folder = '', name = ''] = /^src\/([a-z-]+)\/([a-z-]+)\.ts$/.exec(file) ?? [];
  return folder === `${name}s` || folder === name || file === 'src/duo/api.ts';
}

/** Nothing is left of it when it runs: the compiler tests it. */
function isTypesAlone(file: string): boolean {
  const target = ts.ScriptTarget.ES2023;
  const options = { compilerOptions: { target, module: ts.ModuleKind.ESNext } };
  const { outputText } = ts.transpileModule(textOf(file), options);
  return outputText.replace(/\/\*[\s\S]*?\*\//g, '').trim() === 'export {};';
}

const nameOf = (file: string): string => basename(file).replace(/\.(ts|mjs)$/, '');
const tests = files('test/*.test.ts', 'test/*.long.ts').map((file) => basename(file));
const contains = (test: string, name: string): boolean =>
  new RegExp(`(^|[-.])${name}([-.]|$)`).test(test);

describe('a source file', () => {
  it('has a test that carries its name', () => {
    const untested = files('src/*.ts', 'scripts/*.ts')
      .filter((file) => !without.includes(nameOf(file)) && !isContract(file))
      .filter((file) => !tests.some((test) => contains(test, nameOf(file))))
      .filter((file) => !isTypesAlone(file));
    expect(untested).toEqual([]);
  });

  it('has a name of lower-case words, as Windows and macOS tell no others apart', () => {
    const odd = files('src', 'scripts', 'test').filter((file) => !/^[a-z0-9./_-]+$/.test(file));
    expect(odd.filter((file) => !/\/(README|UPGRADE)\.md$/.test(file))).toEqual([]);
  });
});
