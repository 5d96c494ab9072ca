import { win32 } from 'node:path';
import { accountFindings, cleanProxyName } from './account-checks.ts';
import { alertFindings } from './alert-settings.ts';
import { archiveFindings } from './archive-checks.ts';
import { leastTimeoutSeconds } from './assemble.ts';
import { isTemporary } from './paths.ts';
import type { Host } from './paths.ts';
import type { Finding, Path } from './problem.ts';
import { queryFindings } from './query-settings.ts';
import { defaultOf, schemaAt } from './schema-tree.ts';
import { serverFindings } from './server-checks.ts';
import { statusFindings } from './status-settings.ts';
import { nodeAt, textAt } from './yaml-document.ts';
import type { YamlNode } from './yaml-tree.ts';

/**
 * What one value alone cannot show to be wrong. Reads the file's tree, not the checked config, so that these
 * are told together with wrong values elsewhere; looks only at values that have the right type.
 */
export function crossFindings(root: YamlNode, host: Host): Finding[] {
  return [
    ...settingsFindings(root, host),
    ...queryFindings(root),
    ...alertFindings(root),
    ...statusFindings(root),
    ...proxyFindings(root),
    ...serverFindings(root),
    ...archiveFindings(root, host),
    ...accountFindings(root),
    ...escapedPaths(root),
  ];
}

const settings = 'dls_settings';

function settingsFindings(root: YamlNode, host: Host): Finding[] {
  const findings: Finding[] = [];
  const timeoutPath: Path = [settings, 'api', 'timeout'];
  const timeout = nodeAt(root, timeoutPath);
  const least = leastTimeoutSeconds;
  if (timeout?.kind === 'scalar' && typeof timeout.value === 'number' && timeout.value < least)
    findings.push({
      severity: 'note',
      code: 'timeout_raised',
      path: timeoutPath,
      message: `timeout is ${timeout.value}; ${least} seconds are used`,
      why: 'A lower pause finds nothing earlier: Duo shows events about two minutes late. A backlog is read without pauses.',
      fix: `Write ${least} or more.`,
    });
  const enabledPath: Path = [settings, 'checkpointing', 'enabled'];
  const enabled = nodeAt(root, enabledPath);
  if (enabled?.kind === 'scalar' && enabled.value === false)
    findings.push({
      severity: 'warning',
      code: 'checkpointing_off',
      path: enabledPath,
      message: `nothing is remembered: each start sends the last ${offsetOf(root)} days again`,
      fix: 'Write true, so that a start goes on where the last run ended.',
    });
  return [...findings, ...placeFindings(root, host)];
}

function placeFindings(root: YamlNode, host: Host): Finding[] {
  const findings: Finding[] = [];
  const places: readonly [Path, string][] = [
    [[settings, 'checkpointing', 'directory'], 'checkpoints'],
    [[settings, 'log_filepath'], 'the log'],
  ];
  for (const [path, what] of places) {
    const place = textAt(root, path);
    if (place === undefined) continue;
    if (isTemporary(place, host))
      findings.push({
        severity: 'warning',
        code: 'temporary_folder',
        path,
        message: `${what} will be in ${place}, which is emptied when the machine starts anew`,
        fix: 'Name a folder that lasts, or remove the line for the usual folder of this system.',
      });
    // Windows' rule knows the absolute paths of all systems.
    else if (!win32.isAbsolute(place))
      findings.push({
        severity: 'warning',
        code: 'relative_path',
        path,
        message: `where ${what} will be depends on the folder in which the program is started`,
        why: 'A service begins in another folder than you, and would know nothing of what was before.',
        fix: 'Write the whole path, or remove the line for the usual folder of this system.',
      });
  }
  return findings;
}

function offsetOf(root: YamlNode): number {
  const node = nodeAt(root, [settings, 'api', 'offset']);
  const given = node?.kind === 'scalar' ? node.value : undefined;
  const schema = schemaAt([settings, 'api', 'offset']);
  return typeof given === 'number' ? given : Number(schema === undefined ? NaN : defaultOf(schema));
}

function proxyFindings(root: YamlNode): Finding[] {
  const section: Path = [settings, 'proxy'];
  const serverPath = [...section, 'proxy_server'];
  const portPath = [...section, 'proxy_port'];
  const server = textAt(root, serverPath);
  const port = nodeAt(root, portPath);
  const hasPort = port?.kind === 'scalar' && typeof port.value === 'number' && port.value !== 0;
  const findings: Finding[] = [];
  if (server !== undefined && !hasPort && (port === undefined || isNothing(port)))
    findings.push({
      severity: 'error',
      code: 'proxy_port_missing',
      path: serverPath,
      message: 'proxy_server is given without proxy_port',
      why: 'Proxies have no usual port, and without one it is in doubt whether the proxy is meant at all.',
      fix: 'Add, for example, proxy_port: 3128, or remove proxy_server to call Duo directly.',
    });
  if (server === undefined && hasPort)
    findings.push({
      severity: 'warning',
      code: 'proxy_server_missing',
      path: portPath,
      message: 'proxy_port is given without proxy_server, so no proxy is used',
      fix: 'Add proxy_server, or remove proxy_port.',
    });
  if (server !== undefined && cleanProxyName(server) !== server.toLowerCase())
    findings.push({
      severity: 'warning',
      code: 'hostname_cleaned',
      path: serverPath,
      message: 'proxy_server is more than a name; what stands around the name is left out',
      fix: server.includes('@')
        ? 'Write the name alone; user and password go to proxy_user and proxy_password.'
        : 'Write the name alone, without http://, slash and port.',
    });
  return findings;
}

function isNothing(node: YamlNode): boolean {
  return node.kind === 'scalar' && (node.type === 'null' || node.value === 0);
}

/** In double quotes "C:\temp\new" is a tab and a newline: valid YAML, and never what was meant. */
function escapedPaths(root: YamlNode): Finding[] {
  const findings: Finding[] = [];
  const visit = (node: YamlNode | undefined, path: Path): void => {
    if (node?.kind === 'map')
      for (const [key, entry] of node.entries) visit(entry.value, [...path, key]);
    if (node?.kind === 'list') node.items.forEach((item, index) => visit(item, [...path, index]));
    const name = String(path.at(-1));
    const isPath = name === 'directory' || /_(?:filepath|file)$/.test(name);
    if (node?.kind !== 'scalar' || !isPath || !/[\p{Cc}]/u.test(node.source)) return;
    findings.push({
      severity: 'warning',
      code: 'path_escape',
      path,
      message: `${name} holds a tab, a line break or another control character`,
      why: 'In double quotes a backslash begins a special character: \\t is a tab, \\n a line break.',
      fix: 'Put the path in single quotes.',
    });
  };
  visit(root, []);
  return findings;
}
