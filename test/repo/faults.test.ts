import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'faults.md'), 'utf8');

interface Named {
  readonly file: string;
  readonly title: string;
}

/** Every `file: title` in the last cell of a table with a column for tests. */
const named = page.split('\n').flatMap((line): Named[] => {
  const cells = line.split(/(?<!\\)\|/);
  const tests = cells.length === 6 ? (cells[4] ?? '') : '';
  return Array.from(tests.matchAll(/`(test\/[^`:]+): ([^`]+)`/g), ([, file = '', title = '']) => {
    return { file, title: title.replaceAll('\\|', '|') };
  });
});

const rows = page.split('\n').filter((line) => line.split(/(?<!\\)\|/).length === 6);
const faultFiles = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((path) => `test/${path.replaceAll('\\', '/')}`)
  .filter((path) => path.startsWith('test/faults/') && /\.(test|long)\.ts$/.test(path));

describe('The table of faults', () => {
  it.each(named)('names a test that exists: $file: $title', ({ file, title }) => {
    expect(titlesOf(file)).toContain(title);
  });

  it('names a test in every row', () => {
    const bare = rows.filter((row) => !/^\|( fault |---)/.test(row) && !row.includes('`test/'));
    expect(bare).toEqual([]);
  });

  it('holds every test that was written for a fault', () => {
    const told = new Set(named.map(({ file, title }) => `${file}: ${title}`));
    const all = faultFiles.flatMap((file) => titlesOf(file).map((title) => `${file}: ${title}`));
    expect(all.filter((test) => !told.has(test))).toEqual([]);
  });
});

/** Titles as they stand in the source, placeholders of `it.each` included. */
function titlesOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    const [title] = ts.isCallExpression(node) ? node.arguments : [];
    const isTest = ts.isCallExpression(node) && /^(it|test)$/.test(rootName(node.expression));
    if (isTest && title !== undefined && ts.isStringLiteralLike(title)) titles.push(title.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return titles;
}

/** `it` of `it.each(cases)`. */
function rootName(node: ts.Expression): string {
  if (ts.isPropertyAccessExpression(node) || ts.isCallExpression(node))
    return rootName(node.expression);
  return ts.isIdentifier(node) ? node.text : '';
}
