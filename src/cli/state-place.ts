import { stateDirectory } from '../checkpoint/state-directory.ts';
import { cleanHostname } from '../config/account-checks.ts';
import { hostFiles, unreadableConfig } from '../config/host-files.ts';
import { type Host, stateFolder } from '../config/paths.ts';
import { decodeText } from '../config/text.ts';
import { readYaml, textAt } from '../config/yaml-document.ts';
import { configPath, loadForCommand, tell, unnamed } from './config-file.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';

/** Where the program that runs with a config file is found. */
export interface StatePlace {
  readonly exit?: never;
  readonly configFile: string;
  readonly stateDirectory: string;
}

const largestFile = 1_048_576;

/**
 * Finds the state directory of a config file that may be broken by now: the program goes on with what it read
 * at its start, and has to be asked all the same. Nothing else of the file is looked at, so no secret is fetched. When
 * even that is not to be found, all that is wrong with the file is told; then an exit code.
 */
export async function placeOf(
  given: string | undefined,
  io: Io,
): Promise<StatePlace | { readonly exit: ExitCode }> {
  const path = configPath(given, io);
  let text: string;
  try {
    const bytes = await hostFiles.read(path, largestFile);
    text = decodeText(bytes, largestFile).text;
  } catch (error) {
    return { exit: tell(unnamed(unreadableConfig(path, error), path, io), io) };
  }
  const found = stateIn(text, io);
  if (found !== undefined) return { configFile: path, stateDirectory: found };
  const loaded = await loadForCommand(path, io);
  if (loaded.exit !== undefined) return loaded;
  const { config, paths } = loaded;
  return {
    configFile: path,
    stateDirectory: stateDirectory(paths.directory, config.account.hostname),
  };
}

function stateIn(text: string, host: Host): string | undefined {
  const { root } = readYaml(text);
  const at = (section: string, key: string, path: readonly string[]): string | undefined =>
    root === undefined ? scalarIn(text, section, key) : textAt(root, path);
  const hostname = at('account', 'hostname', ['account', 'hostname']);
  if (hostname === undefined || hostname === '') return undefined;
  const directory = at('checkpointing', 'directory', [
    'dls_settings',
    'checkpointing',
    'directory',
  ]);
  const folder = directory === undefined || directory === '' ? stateFolder(host) : directory;
  return stateDirectory(folder, cleanHostname(hostname));
}

/** A setting of a section in a text that is no YAML any more, by the look of its lines. */
function scalarIn(text: string, section: string, key: string): string | undefined {
  const lines = text.split(/\r\n?|\n/);
  const begin = lines.findIndex((line) => new RegExp(`^\\s*${section}:\\s*(#.*)?$`).test(line));
  if (begin < 0) return undefined;
  const indent = indentOf(lines[begin] ?? '');
  for (const line of lines.slice(begin + 1)) {
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    if (indentOf(line) <= indent) return undefined;
    const [, value] = new RegExp(`^\\s+${key}:\\s*(.*?)\\s*(?:\\s#.*)?$`).exec(line) ?? [];
    if (value !== undefined) return value.replace(/^(['"])(.*)\1$/, '$2');
  }
  return undefined;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
