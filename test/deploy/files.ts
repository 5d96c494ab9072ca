import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { debianProgram } from '../../scripts/debian.mjs';

export const root = join(import.meta.dirname, '..', '..');

export function deployed(name: string): string {
  return readFileSync(join(root, 'deploy', name), 'utf8');
}

/** A program of this machine, else the one of Debian's package. */
export function programOf(
  name: string,
  packages: readonly string[],
  path: string,
): { readonly program: string; readonly env: NodeJS.ProcessEnv } {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (found !== undefined) return { program: found, env: process.env };
  return debianProgram([...packages], path);
}
