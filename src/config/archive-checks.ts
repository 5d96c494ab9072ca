import { posix, win32 } from 'node:path';
import { defaultLayout, duoWatcherLayout } from '../core/path-template.ts';
import { templateProblem } from '../core/path-template-checks.ts';
import { isTemporary } from './paths.ts';
import type { Host } from './paths.ts';
import { clip } from './problem.ts';
import type { Finding, Path } from './problem.ts';
import { missingValue } from './shape-checks.ts';
import { nodeAt, textAt } from './yaml-document.ts';
import type { YamlNode } from './yaml-tree.ts';

const archiveKeys = ['directory', 'path', 'time_zone', 'preset', 'retention_days'];
/** What only a server on a network has. */
const networkKeys = [
  'hostname',
  'port',
  'cert_filepath',
  'server_name',
  'client_cert_filepath',
  'client_key_filepath',
  'client_key_passphrase',
  'client_key_passphrase_file',
  'confirm',
  'max_events_per_second',
  'replay_groups',
  'heartbeat_seconds',
];

/** Servers that write files: their own settings, and that no file belongs to two feeds. */
export function archiveFindings(root: YamlNode, host: Host): Finding[] {
  const servers = itemsAt(root, ['servers'])
    .map((index): Path => ['servers', index])
    .filter((path) => nodeAt(root, path)?.kind === 'map');
  const isFile = (path: Path): boolean => textAt(root, [...path, 'protocol']) === 'FILE';
  const files = servers.filter(isFile);
  return [
    ...servers.filter((path) => !isFile(path)).flatMap((path) => networkFindings(root, path)),
    ...files.flatMap((path) => [
      ...ignored(root, path, networkKeys, 'has no meaning for FILE', 'Remove the line.'),
      ...directoryFindings(root, path, host),
      ...layoutFindings(root, path),
      ...checkpointFindings(root, path),
    ]),
    ...sharedDirectories(root, files, host),
  ];
}

function networkFindings(root: YamlNode, path: Path): Finding[] {
  const missing = ['hostname', 'port'].flatMap((key) => {
    const place = [...path, key];
    return isAbsent(nodeAt(root, place)) ? [missingValue(place, root)] : [];
  });
  const fix = "Remove the line, or write protocol: 'FILE'.";
  return [...missing, ...ignored(root, path, archiveKeys, 'is used for FILE only', fix)];
}

function ignored(
  root: YamlNode,
  path: Path,
  keys: readonly string[],
  why: string,
  fix: string,
): Finding[] {
  if (textAt(root, [...path, 'protocol']) === undefined) return [];
  return keys
    .filter((key) => !isAbsent(nodeAt(root, [...path, key])))
    .map((key) => ({
      severity: 'warning',
      code: 'setting_ignored',
      path: [...path, key],
      message: `${key} ${why}`,
      fix,
    }));
}

function directoryFindings(root: YamlNode, server: Path, host: Host): Finding[] {
  const path = [...server, 'directory'];
  if (isAbsent(nodeAt(root, path))) return [missingValue(path, root)];
  const directory = textAt(root, path);
  if (directory === undefined) return [];
  const windows = host.platform === 'win32';
  if (!(windows ? win32 : posix).isAbsolute(directory))
    return [
      {
        severity: 'error',
        code: 'archive_directory',
        path,
        message: `directory is '${clip(directory)}', but must be an absolute path`,
        why: 'A service begins in another folder than you, and would look for it there.',
        fix: `Write the whole path, such as ${windows ? "'C:\\duo-logs'" : "'/var/log/duo'"}.`,
      },
    ];
  if (!isTemporary(directory, host)) return [];
  return [
    {
      severity: 'warning',
      code: 'temporary_folder',
      path,
      message: `the archive will be in ${directory}, which is emptied when the machine starts anew`,
      fix: 'Name a folder that lasts.',
    },
  ];
}

function layoutFindings(root: YamlNode, server: Path): Finding[] {
  const preset = textAt(root, [...server, 'preset']);
  const given = ['path', 'time_zone'].filter((key) => !isAbsent(nodeAt(root, [...server, key])));
  if (preset !== undefined && given.length > 0)
    return given.map((key) => ({
      severity: 'error',
      code: 'preset_conflict',
      path: [...server, key],
      message: `${key} and preset are both given`,
      why: 'A preset says what both path and time_zone are.',
      fix: `Remove ${key} or preset.`,
    }));
  const own = textAt(root, [...server, 'path']);
  const template =
    own ?? (preset === undefined ? defaultLayout.template : duoWatcherLayout.template);
  const problem = templateProblem(template, {
    endpoints: endpointsOf(root, textAt(root, [...server, 'id'])),
    children: isTrue(nodeAt(root, ['account', 'is_msp'])),
    retention: !isAbsent(nodeAt(root, [...server, 'retention_days'])),
  });
  if (problem === undefined) return [];
  return [
    {
      severity: 'error',
      code: 'archive_path',
      path: [...server, own === undefined ? 'preset' : 'path'],
      message: `path '${clip(template)}' can not be used: ${problem.message}`,
      fix: problem.fix,
    },
  ];
}

function checkpointFindings(root: YamlNode, server: Path): Finding[] {
  const enabled = nodeAt(root, ['dls_settings', 'checkpointing', 'enabled']);
  if (enabled?.kind !== 'scalar' || enabled.value !== false) return [];
  return [
    {
      severity: 'error',
      code: 'archive_needs_checkpoints',
      path: [...server, 'protocol'],
      message: 'FILE needs checkpoints, and checkpointing.enabled is false',
      why: 'Each start would write the last days into the same files again.',
      fix: 'Remove checkpointing.enabled, or write true there.',
    },
  ];
}

/** Also one inside the other: what lies there is then of both. */
function sharedDirectories(root: YamlNode, files: readonly Path[], host: Host): Finding[] {
  const seen: { readonly id: string; readonly folder: string }[] = [];
  return files.flatMap((server): Finding[] => {
    const path = [...server, 'directory'];
    const directory = textAt(root, path);
    if (directory === undefined) return [];
    const folder = comparable(directory, host);
    const other = seen.find(
      (one) => one.folder.startsWith(folder) || folder.startsWith(one.folder),
    );
    seen.push({ id: textAt(root, [...server, 'id']) ?? '', folder });
    if (other === undefined) return [];
    return [
      {
        severity: 'error',
        code: 'archive_directory_shared',
        path,
        message: `this folder is, holds or lies in that of the server '${clip(other.id)}'`,
        why: 'Events of both could meet in one file, and neither could tell which of them are its own.',
        fix: 'Give each FILE server a directory of its own.',
      },
    ];
  });
}

/** Ends with a slash, so that a folder's text begins with that of the folder around it. */
function comparable(directory: string, host: Host): string {
  if (host.platform === 'win32')
    return `${win32.resolve(directory).replaceAll('\\', '/').toLowerCase()}/`.replace(/\/+$/, '/');
  const whole = `${posix.normalize(directory)}/`.replace(/\/+$/, '/');
  return host.platform === 'darwin' ? whole.toLowerCase() : whole;
}

function endpointsOf(root: YamlNode, id: string | undefined): number {
  const mappings: Path = ['account', 'endpoint_server_mappings'];
  const names = itemsAt(root, mappings).flatMap((index) => {
    if (textAt(root, [...mappings, index, 'server']) !== id) return [];
    const list: Path = [...mappings, index, 'endpoints'];
    return itemsAt(root, list).map((at) => textAt(root, [...list, at]));
  });
  return new Set(names).size;
}

function itemsAt(root: YamlNode, path: Path): number[] {
  const node = nodeAt(root, path);
  return node?.kind === 'list' ? [...node.items.keys()] : [];
}

function isAbsent(node: YamlNode | undefined): boolean {
  return node === undefined || (node.kind === 'scalar' && node.type === 'null');
}

function isTrue(node: YamlNode | undefined): boolean {
  return node?.kind === 'scalar' && node.value === true;
}
