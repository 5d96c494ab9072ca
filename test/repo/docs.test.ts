import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateDocs, generatedFiles } from '../../scripts/generate-docs.ts';
import { configurationPage, jsonSchemaText } from '../../src/config/docs.ts';
import { allSettings } from '../../src/config/schema-tree.ts';

const root = join(import.meta.dirname, '..', '..');

interface JsonSchema {
  readonly $schema?: string;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

function schemaOf(path: readonly string[]): JsonSchema | undefined {
  const start = JSON.parse(jsonSchemaText()) as JsonSchema;
  return path.reduce<JsonSchema | undefined>(
    (schema, step) => (step === '[]' ? schema?.items : schema?.properties?.[step]),
    start,
  );
}

describe('generated documentation', () => {
  it.each([...generatedFiles().keys()])('%s is fresh; if not, run: npm run docs', (path) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(generatedFiles().get(path));
  });

  it('names every setting with what it means', () => {
    const page = configurationPage();
    for (const { path, kind, meta } of allSettings()) {
      expect(meta.description, path.join('.')).toMatch(/^[A-Z].*\.$/);
      if (kind === 'value') expect(page).toContain(`| \`${path.at(-1) ?? ''}\` |`);
      else expect(page).toContain(`## ${path.join('.').replaceAll('.[]', '[]')}`);
    }
  });

  it('has a JSON schema of draft 7 that requires what the program requires, and knows every key', () => {
    expect(schemaOf([])).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      required: ['version', 'servers', 'account'],
      additionalProperties: false,
    });
    for (const { path } of allSettings()) expect(schemaOf(path), path.join('.')).toBeDefined();
  });

  it('is written when it is stale, and only told when it is checked', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'duologsync-docs-'));
    try {
      await mkdir(join(folder, 'docs'));
      const all = [...generatedFiles().keys()];
      expect(generateDocs(folder, true)).toEqual(all);
      expect(generateDocs(folder, true)).toEqual(all);
      expect(generateDocs(folder, false)).toEqual(all);
      expect(generateDocs(folder, true)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
