import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostFiles } from '../../src/config/host-files.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { LoadResult } from '../../src/config/load.ts';
import { linux, shownProblems } from './loading.ts';

/**
 * Each folder is one mistake: config.yml, what is said about it in expected.txt, and fixed.yml, where that
 * advice was followed. Set DUOLOGSYNC_UPDATE=1 to write expected.txt anew, and read the difference.
 */
const folder = join(import.meta.dirname, '..', 'cases', 'config');
const names = readdirSync(folder);

/** The files of a case's own folder. */
function filesOf(name: string): HostFiles {
  return {
    read: (path, limit) =>
      readFile(join(folder, name, path)).then((bytes) => bytes.subarray(0, limit + 1)),
    mode: () => Promise.resolve(0o600),
  };
}

function load(name: string, file: string): Promise<LoadResult> {
  return loadConfig(file, { ...linux, files: filesOf(name) });
}

describe('a mistake in the config', () => {
  it.each(names)('%s is told with its place, the reason and the fix', async (name) => {
    const result = await load(name, 'config.yml');
    const shown = `${shownProblems(result)}\n`;
    const expected = join(folder, name, 'expected.txt');
    if (process.env['DUOLOGSYNC_UPDATE'] === '1') writeFileSync(expected, shown);
    expect(shown).toBe(readFileSync(expected, 'utf8'));
    expect(shown).toMatch(/^config\.yml:\d+:\d+: (?:error|warning|note): /);
    const hasError = result.problems.some(({ severity }) => severity === 'error');
    expect(hasError).toBe(!name.startsWith('warn-'));
    expect(result.config === undefined).toBe(hasError);
  });

  const fixable = names.filter((name) => existsSync(join(folder, name, 'fixed.yml')));

  it.each(fixable)('%s is gone when the advice is followed', async (name) => {
    const before = await load(name, 'config.yml');
    const { config, problems } = await load(name, 'fixed.yml');
    const codes = new Set(before.problems.map(({ code }) => code));
    expect(config).toBeDefined();
    const left = problems.filter(
      ({ severity, code }) => severity === 'error' || (codes.has(code) && name.startsWith('warn-')),
    );
    expect(left).toEqual([]);
  });

  it('is one of at least 25', () => {
    expect(fixable.length).toBeGreaterThanOrEqual(25);
  });
});
