import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { upgradeConfig } from '../../../src/config/upgrade.ts';
import { readYaml } from '../../../src/config/yaml-document.ts';
import { valueOf } from '../../../src/config/yaml-tree.ts';
import { loadText } from '../loading.ts';

/**
 * Each folder holds old.yml, and in new.yml what the upgrade makes of it, in changes.txt what it tells. Those
 * named dls-… were upgraded by DLS's own script too: dls.yml. DUOLOGSYNC_UPDATE=1 writes the two anew.
 */
const folder = join(import.meta.dirname, '..', '..', 'cases', 'upgrade');
const names = readdirSync(folder);
const read = (name: string, file: string): string => readFileSync(join(folder, name, file), 'utf8');

function upgraded(name: string): { text: string; changes: string } {
  const result = upgradeConfig(read(name, 'old.yml'));
  if (result.kind !== 'upgraded') throw new Error(`${name} was not upgraded but is ${result.kind}`);
  const changes = result.changes.map(({ word, what }) => `${word} ${what}\n`).join('');
  return { text: result.text, changes };
}

type Loose = Record<string, unknown>;

function values(text: string): Loose {
  const { root } = readYaml(text.replace(/^\ufeff/, ''));
  return (root === undefined ? {} : valueOf(root)) as Loose;
}

describe('the upgrade of a config from before 1.0.0', () => {
  it.each(names)('of %s is as expected, and every change is told', (name) => {
    const { text, changes } = upgraded(name);
    if (process.env['DUOLOGSYNC_UPDATE'] === '1') {
      writeFileSync(join(folder, name, 'new.yml'), text);
      writeFileSync(join(folder, name, 'changes.txt'), changes);
    }
    expect(text).toBe(read(name, 'new.yml'));
    expect(changes).toBe(read(name, 'changes.txt'));
  });

  it.each(names.filter((name) => !name.startsWith('partial')))('of %s loads', async (name) => {
    const pem = /certificate_unreadable/;
    const { problems } = await loadText(upgraded(name).text);
    const errors = problems.filter(({ severity, code }) => severity === 'error' && !pem.test(code));
    expect(errors).toEqual([]);
  });

  it.each(names.filter((name) => existsSync(join(folder, name, 'dls.yml'))))(
    'of %s means what the script of DLS makes of it',
    (name) => {
      const ours = values(upgraded(name).text);
      const theirs = values(read(name, 'dls.yml').replace('version: 1.0.0', "version: '1.0.0'"));
      expect(sameFile(ours)).toEqual(sameFile(theirs));
    },
  );

  it.each(names)('of %s keeps every comment', (name) => {
    const comments = (text: string): string[] =>
      [...text.matchAll(/#\s*([^\r\n]*)/g)].map((match) => match[1] ?? '').sort();
    expect(comments(upgraded(name).text)).toEqual(comments(read(name, 'old.yml')));
  });

  it('prints no secret', () => {
    for (const name of names) expect(upgraded(name).changes).not.toMatch(/[A-Za-z0-9]{40}/);
  });
});

/** DLS's script doubles separators, mixes them, and joins two empty names to "/", which ours leaves out. */
function sameFile(config: Loose): Loose {
  const text = JSON.stringify(config, (key, value: unknown) => {
    if (typeof value !== 'string') return value;
    if (key === 'cert_filepath' && value === '/') return undefined;
    return key.endsWith('_filepath') ? value.replace(/[\\/]+/g, '/') : value;
  });
  return JSON.parse(text) as Loose;
}
