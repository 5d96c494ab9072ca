import { z } from 'zod';
import { endpoints } from '../endpoints/index.ts';
import { formatters } from '../formatters/index.ts';
import { sinks } from '../sinks/index.ts';
import { configSchema } from './schema.ts';
import { allSettings, bare, itemsOf, limitsOf, valuesOf, wordsOf } from './schema-tree.ts';
import type { Setting } from './schema-tree.ts';

/** The JSON schema of the config file, for editors: draft 7, as yaml-language-server reads it. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  const page = { ...schema, title: 'duologsync config', description: 'Config of duologsync.' };
  return `${JSON.stringify(page, null, 2)}\n`;
}

/** docs/configuration.md: every setting with its default and limits. */
export function configurationPage(): string {
  const settings = allSettings();
  const sections = settings.filter(({ kind }) => kind !== 'value');
  const top = settings.filter(({ path, kind }) => path.length === 1 && kind === 'value');
  return `${[
    '# Configuration',
    '',
    '<!-- Generated from src/config/schema.ts by `npm run docs`. Do not edit. -->',
    '',
    'One YAML file, `duologsync CONFIG`. `template_config.yml` is the file to begin with; a config of Duo Log Sync 2',
    '(version 1.0.0) works as it is, one of Duo Log Sync 1 after `duologsync-upgrade-config OLD NEW`.',
    '`duologsync validate CONFIG` tells every mistake with its line and what to write.',
    '',
    'YAML is read as Duo Log Sync reads it (YAML 1.1): `yes` and `on` are true, `010` is 8. Put text in single quotes.',
    'A setting without a value counts as absent. Of a setting that is written twice the last counts, with a warning.',
    'Relative paths begin at the folder in which the program is started.',
    '',
    ...table(top),
    ...sections.flatMap((section) => sectionPart(section, settings)),
    ...listPart('Endpoints', endpoints),
    ...listPart('Formats', formatters),
    ...listPart('Protocols', sinks),
  ].join('\n')}`;
}

function sectionPart(section: Setting, all: readonly Setting[]): string[] {
  const name = section.path.join('.').replaceAll('.[]', '[]');
  const prefix = section.kind === 'section' ? section.path : [...section.path, '[]'];
  const inside = all.filter(
    ({ path, kind }) =>
      kind === 'value' &&
      path.length === prefix.length + 1 &&
      prefix.every((step, index) => path[index] === step),
  );
  const list = section.kind === 'section' ? '' : '[]';
  const needed = section.required ? ' Required.' : '';
  return [
    `## ${name}${list}`,
    '',
    `${section.meta.description ?? ''}${needed}`,
    '',
    ...table(inside),
  ];
}

function table(settings: readonly Setting[]): string[] {
  if (settings.length === 0) return [];
  const rows = settings.map((setting) => {
    const cells = [`\`${setting.path.at(-1) ?? ''}\``, valueText(setting), defaultText(setting)];
    return `| ${[...cells, setting.meta.description ?? ''].map(escapeCell).join(' | ')} |`;
  });
  return ['| setting | value | default | meaning |', '|---|---|---|---|', ...rows, ''];
}

function valueText({ schema }: Setting): string {
  const items = itemsOf(schema);
  if (items !== undefined) {
    const words = wordsOf(items);
    return words === undefined ? 'list of text' : `list of ${codes(words)}`;
  }
  const words = wordsOf(schema);
  if (words !== undefined) return codes(words);
  const values = valuesOf(schema);
  if (values !== undefined) return `names, each with ${limitsOf(values) ?? 'a text'}`;
  const limits = limitsOf(schema);
  if (limits !== undefined) return limits.replaceAll("'", '`');
  return bare(schema) instanceof z.ZodBoolean ? '`true`, `false`' : 'text';
}

const codes = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ');

function defaultText(setting: Setting): string {
  if (setting.default !== undefined)
    return `\`${JSON.stringify(setting.default).replaceAll('"', '')}\``;
  return setting.required ? 'required' : '';
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function listPart(
  title: string,
  list: Readonly<Record<string, { readonly summary: string }>>,
): string[] {
  const rows = Object.entries(list).map(([name, { summary }]) => `- \`${name}\`: ${summary}`);
  return [`## ${title}`, '', ...rows, ''];
}
