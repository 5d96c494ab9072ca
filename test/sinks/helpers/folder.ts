import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArchiveLayout, defaultLayout } from '../../../src/core/path-template.ts';
import type { ArchiveOptions, ServerOptions } from '../../../src/sinks/sink.ts';

export interface TestArchive {
  readonly directory: string;
  /** Every file but the journals, by its path, with its text. */
  files(): Promise<Record<string, string>>;
  /** The lines of all files, sorted by the files' paths. */
  lines(): Promise<string[]>;
  journals(): Promise<string[]>;
  /** A file lies where the archive was, until `back`. */
  away(): Promise<void>;
  back(): Promise<void>;
  mode(path: string): Promise<number>;
  remove(): Promise<void>;
}

export async function testArchive(): Promise<TestArchive> {
  const parent = await mkdtemp(join(tmpdir(), 'duologsync-archive-'));
  const directory = join(parent, 'duo');
  const aside = join(parent, 'aside');
  const files = async (): Promise<Record<string, string>> => {
    const names = await readdir(directory, { recursive: true }).catch(() => []);
    const found: Record<string, string> = {};
    for (const name of names.sort()) {
      const path = name.replaceAll('\\', '/');
      if (path.startsWith('.duologsync') || !(await stat(join(directory, name))).isFile()) continue;
      found[path] = await readFile(join(directory, name), 'utf8');
    }
    return found;
  };
  return {
    directory,
    files,
    lines: async () =>
      Object.values(await files()).flatMap((text) => text.split('\n').slice(0, -1)),
    journals: () => readdir(join(directory, '.duologsync')).catch(() => []),
    away: async () => {
      await rename(directory, aside).catch(() => undefined);
      await writeFile(directory, 'in the way');
    },
    back: async () => {
      await rm(directory);
      await rename(aside, directory).catch(() => undefined);
    },
    mode: async (path) => (await stat(join(directory, path))).mode & 0o777,
    remove: async () => {
      await chmod(parent, 0o700);
      await rm(parent, { recursive: true, force: true });
    },
  };
}

export function archiveServer(
  directory: string,
  layout: Partial<ArchiveLayout> = {},
  more: Partial<ArchiveOptions> = {},
): ServerOptions {
  const archive = { directory, layout: { ...defaultLayout, ...layout }, ...more };
  return { id: 'archive', protocol: 'FILE', hostname: directory, port: 0, archive };
}
