import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { createProgram } from '../../src/cli/program.ts';
import { fakeIo } from '../cli/fake-io.ts';
import { errorCodes } from './error-codes.ts';
import { files, textOf } from './sources.ts';

const page = textOf('docs/operations.md');
const section = (title: string): string =>
  page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
const rows = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim()),
    );
const codeRows = rows(section('Error codes')).flatMap((row) => {
  const [, code] = /^`([a-z0-9_]+)`$/.exec(row[0] ?? '') ?? [];
  return code === undefined ? [] : [{ code, row }];
});

describe('docs/operations.md', () => {
  const codes = errorCodes();

  it('says of every error code what it means and what to do', () => {
    const named = new Set(codeRows.map(({ code }) => code));
    const missing = [...codes].filter(([code]) => !named.has(code));
    expect(missing.map(([code, file]) => `${code} of ${file} has no row`)).toEqual([]);
    for (const { code, row } of codeRows) {
      expect(row, code).toHaveLength(3);
      for (const cell of row) expect(cell.length, code).toBeGreaterThan(3);
    }
  });

  it('names no code twice, and none that is gone', () => {
    const names = codeRows.map(({ code }) => code);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    expect(names.filter((name) => !codes.has(name))).toEqual([]);
  });

  it('is held against codes that are really found in the sources', () => {
    const decided = [...textOf('src/cli/exit-codes.ts').matchAll(/case '(\w+)':/g)].map(
      ([, code]) => code,
    );
    expect(decided.length).toBeGreaterThan(5);
    expect(decided.filter((code) => code !== undefined && !codes.has(code))).toEqual([]);
    for (const code of [
      'duo_forbidden',
      'tls_untrusted',
      'proxy_login',
      'unexpected',
      'once_incomplete',
    ])
      expect([...codes.keys()]).toContain(code);
  });

  it('lists exactly the exit codes of the program, and those of a second signal', () => {
    const listed = rows(section('Exit codes')).map(([code]) => code ?? '');
    const numbers = listed.filter((code) => /^\d/.test(code)).flatMap((code) => code.split(', '));
    expect(numbers.map(Number)).toEqual([...Object.values(exitCodes), 130, 143]);
  });

  it('shows only commands and options that there are', () => {
    const program = createProgram(fakeIo(), () => undefined);
    const known = new Map(program.commands.map((command) => [command.name(), command]));
    // What stands in a block or between backquotes is meant to be typed.
    const blocks = [...page.matchAll(/^```\n([^]*?)^```$/gm)].flatMap(([, block = '']) =>
      block.split('\n'),
    );
    const spans = [...page.replace(/^```[^]*?^```$/gm, '').matchAll(/`([^`]+)`/g)].map(
      ([, span = '']) => span,
    );
    const used = [...blocks, ...spans].flatMap((typed) => [
      ...typed.matchAll(/^(?:sudo |sudo -u duologsync |\.\\)?duologsync ([a-z][a-z-]*)(.*)$/g),
    ]);
    expect(used.length).toBeGreaterThan(20);
    for (const [all, name = '', rest = ''] of used) {
      const command = known.get(name);
      expect(command, all).toBeDefined();
      const words = rest.trim().split(/\s+/);
      const inner = command?.commands.find((one) => one.name() === words[0]) ?? command;
      for (const [option] of rest.split(/\s{3,}/)[0]?.matchAll(/--[a-z-]+/g) ?? [])
        expect(
          inner?.options.map(({ long }) => long),
          all,
        ).toContain(option);
    }
  });

  it('is linked from the README, and its links to places in the project lead somewhere', () => {
    expect(textOf('README.md')).toContain('(docs/operations.md)');
    const anchors = (text: string): string[] =>
      [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
    for (const [all, target = ''] of page.matchAll(/\]\(([^)]+)\)/g)) {
      if (target.startsWith('https://')) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? 'docs/operations.md' : posix.join('docs', path);
      expect(files(file), all).toEqual([file]);
      if (anchor !== undefined) expect(anchors(textOf(file)), all).toContain(anchor);
    }
  });
});
