import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allSettings, defaultOf, schemaAt } from '../../src/config/schema-tree.ts';
import { configSchema } from '../../src/config/schema.ts';
import { nodeAt, readYaml } from '../../src/config/yaml-document.ts';
import { valueOf } from '../../src/config/yaml-tree.ts';
import { loadText, skey } from '../config/loading.ts';

const template = readFileSync(join(import.meta.dirname, '..', '..', 'template_config.yml'), 'utf8');

/** As after a person removed the # before every setting. */
const uncommented = template
  .replace(/^( *)#(?=[a-z_]+:)/gm, '$1')
  .replace(/^# yaml-language-server.*\n/, '');

/** As after a person filled in what has to be filled in. */
function filled(text: string): string {
  const blanks: readonly (readonly [string, string])[] = [
    ["- id: ''", "- id: 'siem'"],
    ["    hostname: ''", "    hostname: 'siem.example.com'"],
    ['    port:\n', '    port: 514\n'],
    ["    protocol: ''", "    protocol: 'TCP'"],
    ["  ikey: ''", "  ikey: 'DIXXXXXXXXXXXXXXXXXX'"],
    ["  skey: ''", `  skey: '${skey}'`],
    ["\n  hostname: ''", "\n  hostname: 'api-12345678.duosecurity.com'"],
    ["      server: ''", "      server: 'siem'"],
  ];
  return blanks.reduce((sum, [from, to]) => {
    expect(sum.split(from).length, `the template has one blank ${from}`).toBe(2);
    return sum.replace(from, to);
  }, text);
}

describe('template_config.yml', () => {
  it('begins with the line by which editors find the schema', () => {
    expect(template.split('\n')[0]).toBe('# yaml-language-server: $schema=docs/config.schema.json');
  });

  it.each(allSettings().map(({ path }) => path.join('.')))('names %s', (name) => {
    const path = name.split('.').map((step) => (step === '[]' ? 0 : step));
    expect(nodeAt(readYaml(uncommented).root, path)).toBeDefined();
  });

  it.each(allSettings().filter((setting) => setting.kind === 'value'))(
    'gives the default of $path, or a value that is allowed',
    ({ path, schema, required }) => {
      const place = path.map((step) => (step === '[]' ? 0 : step));
      const node = nodeAt(readYaml(filled(uncommented)).root, place);
      const value = node === undefined ? undefined : valueOf(node);
      const fallback = defaultOf(schema);
      if (fallback !== undefined) expect(value).toEqual(fallback);
      // A server's own setting stands for that of dls_settings and shows the same default.
      const general = defaultOf(schemaAt(['dls_settings', path.at(-1) ?? '']) ?? schema);
      if (path[0] === 'servers' && general !== undefined) expect(value).toEqual(general);
      if (!required && fallback === undefined) expect(value).not.toBeNull();
    },
  );

  it('names nothing that is no setting, and only values that are allowed', () => {
    const { root } = readYaml(filled(uncommented));
    const parsed = configSchema.safeParse(root === undefined ? undefined : valueOf(root));
    expect(parsed.success ? [] : parsed.error.issues).toEqual([]);
  });

  it('loads without a word when its blanks are filled', async () => {
    for (const text of [filled(template), filled(template).replaceAll('\n', '\r\n')]) {
      const { config, problems } = await loadText(text);
      expect(problems).toEqual([]);
      expect(config?.servers).toHaveLength(1);
    }
  });

  it('tells each blank that was not filled', async () => {
    const { problems } = await loadText(template);
    const named = problems.map(({ path }) => path.join('.'));
    for (const name of [
      'servers.0.id',
      'servers.0.port',
      'account.ikey',
      'account.skey',
      'account.hostname',
    ])
      expect(named).toContain(name);
  });
});
