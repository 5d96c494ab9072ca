import { didYouMean } from './did-you-mean.ts';
import { clip } from './problem.ts';
import type { Finding, Path } from './problem.ts';
import { nodeAt, textAt } from './yaml-document.ts';
import type { YamlNode } from './yaml-tree.ts';

interface Named {
  readonly id: string;
  readonly path: Path;
}

/** Servers, and the mappings that name them. */
export function serverFindings(root: YamlNode): Finding[] {
  const servers = itemsAt(root, ['servers']).flatMap((index): Named[] => {
    const path = ['servers', index, 'id'];
    const node = nodeAt(root, path);
    // Also one that lacks its quotes, which is told elsewhere.
    return node?.kind !== 'scalar' || node.source === '' ? [] : [{ id: node.source, path }];
  });
  const mappings = itemsAt(root, mappingsPath);
  return [
    ...repeatedIds(servers),
    ...mappingFindings(root, servers, mappings),
    ...itemsAt(root, ['servers']).flatMap((index) => protocolFindings(root, ['servers', index])),
  ];
}

const mappingsPath: Path = ['account', 'endpoint_server_mappings'];

function itemsAt(root: YamlNode, path: Path): number[] {
  const node = nodeAt(root, path);
  return node?.kind === 'list' ? [...node.items.keys()] : [];
}

function repeatedIds(servers: readonly Named[]): Finding[] {
  const seen = new Set<string>();
  return servers.flatMap(({ id, path }): Finding[] => {
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [
      {
        severity: 'error',
        code: 'server_id_twice',
        path,
        message: `the server id '${clip(id)}' is used before`,
        why: 'It is in doubt which of the servers a mapping means.',
        fix: 'Give this server another id, and name it in endpoint_server_mappings.',
      },
    ];
  });
}

function mappingFindings(
  root: YamlNode,
  servers: readonly Named[],
  mappings: readonly number[],
): Finding[] {
  const findings: Finding[] = [];
  const ids = servers.map(({ id }) => id);
  const used = new Set<string>();
  const feeds = new Set<string>();
  for (const index of mappings) {
    const path = [...mappingsPath, index, 'server'];
    const server = textAt(root, path);
    if (server === undefined) continue;
    used.add(server);
    if (ids.length > 0 && !ids.includes(server)) findings.push(unknownServer(server, path, ids));
    for (const at of itemsAt(root, [...mappingsPath, index, 'endpoints'])) {
      const endpointPath = [...mappingsPath, index, 'endpoints', at];
      const endpoint = textAt(root, endpointPath);
      if (endpoint === undefined) continue;
      const feed = JSON.stringify([endpoint, server]);
      if (feeds.has(feed))
        findings.push({
          severity: 'warning',
          code: 'mapped_twice',
          path: endpointPath,
          message: `'${clip(endpoint)}' goes to '${clip(server)}' already; it is sent once`,
          fix: 'Remove it here.',
        });
      feeds.add(feed);
    }
  }
  // A mapping that names no server was meant for one of these.
  if (used.size === 0 || [...used].some((name) => !ids.includes(name))) return findings;
  for (const { id, path } of servers)
    if (!used.has(id))
      findings.push({
        severity: 'warning',
        code: 'server_unused',
        path,
        message: `nothing is sent to the server '${clip(id)}'`,
        why: 'No entry of endpoint_server_mappings names it.',
        fix: 'Name it in a mapping, or remove the server.',
      });
  return findings;
}

function unknownServer(server: string, path: Path, ids: readonly string[]): Finding {
  const meant = didYouMean(server, ids) ?? (ids.length === 1 ? ids[0] : undefined);
  const known = ids.map((id) => `'${clip(id)}'`).join(', ');
  return {
    severity: 'error',
    code: 'server_unknown',
    path,
    message: `there is no server '${clip(server)}'`,
    why: `The servers of this file are: ${known}.`,
    fix: `Write ${meant === undefined ? "a server's id" : `'${clip(meant)}'`}, exactly as under servers.`,
    ...(meant === undefined ? {} : { didYouMean: meant }),
  };
}

const tlsOnly = [
  'client_cert_filepath',
  'client_key_filepath',
  'client_key_passphrase',
  'client_key_passphrase_env',
  'client_key_passphrase_file',
  'client_key_passphrase_credential',
  'client_key_passphrase_command',
  'server_name',
];

function isThere(node: YamlNode | undefined): boolean {
  return node?.kind === 'list' || (node?.kind === 'scalar' && node.source !== '');
}

function protocolFindings(root: YamlNode, path: Path): Finding[] {
  const findings: Finding[] = [];
  const protocol = textAt(root, [...path, 'protocol']);
  if (protocol === undefined) return findings;
  const ignored = (key: string, message: string, fix: string): void => {
    findings.push({
      severity: 'warning',
      code: 'setting_ignored',
      path: [...path, key],
      message,
      fix,
    });
  };
  if (protocol === 'UDP' && textAt(root, [...path, 'confirm']) !== undefined)
    ignored(
      'confirm',
      'confirm has no meaning for UDP, which never confirms anything',
      'Remove the line, or use TCP or TCPSSL where no event may be lost.',
    );
  if (protocol === 'TCP' || protocol === 'UDP')
    for (const key of tlsOnly)
      if (isThere(nodeAt(root, [...path, key])))
        ignored(
          key,
          `${key} is used for TCPSSL only`,
          "Remove the line, or write protocol: 'TCPSSL'.",
        );
  if (protocol === 'TCPSSL' && textAt(root, [...path, 'cert_filepath']) === undefined)
    findings.push({
      severity: 'note',
      code: 'default_trust',
      path: [...path, 'protocol'],
      message:
        'without cert_filepath the certificate of the server must be signed by a public authority',
      fix: 'For a certificate of your own, name it or that of its authority in cert_filepath.',
    });
  const hostname = textAt(root, [...path, 'hostname']);
  if (hostname !== undefined && /:\/\/|[/\s]/.test(hostname))
    findings.push({
      severity: 'error',
      code: 'server_hostname',
      path: [...path, 'hostname'],
      message: `hostname is '${clip(hostname)}', but must be a name or an address alone`,
      fix: 'Remove what stands before and behind the name, and write the port as port.',
    });
  return findings;
}
