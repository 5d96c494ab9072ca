#!/usr/bin/env node
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandsPage } from '../src/cli/command-reference.ts';
import { configurationPage, jsonSchemaText } from '../src/config/docs.ts';
import { metricsPage } from '../src/metrics/docs.ts';
import { deployFiles } from './deploy-files.ts';

/** The files that are made from the sources, by their path in the project. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/commands.md', commandsPage()],
    ['docs/configuration.md', configurationPage()],
    ['docs/config.schema.json', jsonSchemaText()],
    ['docs/metrics.md', metricsPage()],
    ...deployFiles(),
  ]);
}

/** Writes the generated files below `root`; with `check` only compares. Returns the stale ones. */
export function generateDocs(root: string, check: boolean): string[] {
  const stale: string[] = [];
  for (const [path, text] of generatedFiles()) {
    const file = join(root, path);
    if (textOf(file) === text) continue;
    stale.push(path);
    if (check) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return stale;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
  } catch {
    return undefined;
  }
}

/** Above scripts/ or dist/scripts/: the folder with docs in it. */
function projectRoot(): string {
  const parent = join(dirname(fileURLToPath(import.meta.url)), '..');
  return /[\\/]dist[\\/]?$/.test(parent) ? join(parent, '..') : parent;
}

if (process.argv[1] !== undefined && /generate-docs\.(?:ts|js)$/.test(process.argv[1])) {
  const check = process.argv.includes('--check');
  const stale = generateDocs(projectRoot(), check);
  for (const path of stale)
    process.stdout.write(check ? `stale: ${path}. Run: npm run docs\n` : `wrote ${path}\n`);
  if (check && stale.length > 0) process.exitCode = 1;
}
