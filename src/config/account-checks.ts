import { clip } from './problem.ts';
import type { Finding, Path } from './problem.ts';
import { nodeAt, textAt } from './yaml-document.ts';
import { secretSources } from './secrets.ts';
import type { YamlNode } from './yaml-tree.ts';

/** The account's keys and host. */
export function accountFindings(root: YamlNode): Finding[] {
  return [...keyFindings(root), ...hostnameFindings(root), ...blockedFindings(root)];
}

/** Duo's integration keys: DI and 18 capitals or digits. */
export function isIkey(text: string): boolean {
  return /^DI[A-Z0-9]{18}$/.test(text);
}

const isSkey = (text: string): boolean => /^[A-Za-z0-9]{40}$/.test(text);

function keyFindings(root: YamlNode): Finding[] {
  const ikeyPath: Path = ['account', 'ikey'];
  const skeyPath: Path = ['account', 'skey'];
  const ikey = textAt(root, ikeyPath);
  const skey = textAt(root, skeyPath);
  const places = secretSources.map((source) => `skey${source}`);
  const given = places.some((name) => textAt(root, ['account', name]) !== undefined);
  const findings: Finding[] = [];
  const account = nodeAt(root, ['account']);
  const wrongType = places.some((name) => {
    const node = nodeAt(root, ['account', name]);
    return node !== undefined && !(node.kind === 'scalar' && node.type === 'null');
  });
  if (account?.kind === 'map' && !given && !wrongType)
    findings.push({
      severity: 'error',
      code: 'skey_missing',
      path: skeyPath,
      message: 'account.skey is missing',
      why: "It is the Admin API application's secret key.",
      fix: "Write skey: '…', or skey_file: and the path of a file that holds it.",
    });
  if (ikey !== undefined && skey !== undefined && isIkey(skey) && !isIkey(ikey))
    return [
      ...findings,
      {
        severity: 'warning',
        code: 'keys_swapped',
        path: ikeyPath,
        message: 'ikey and skey look swapped',
        why: 'An integration key is 20 characters and begins with DI; a secret key is 40 characters.',
        fix: 'Swap the two values.',
      },
    ];
  if (ikey !== undefined && !isIkey(ikey))
    findings.push({
      severity: 'warning',
      code: 'ikey_shape',
      path: ikeyPath,
      message: 'ikey does not look like an integration key',
      why: 'It has 20 characters: DI, then capital letters and digits.',
      fix: 'Copy it anew from the Admin API application in the Duo Admin Panel.',
    });
  if (skey !== undefined && !isSkey(skey))
    findings.push({
      severity: 'warning',
      code: 'skey_shape',
      path: skeyPath,
      message: `skey does not look like a secret key${skey.trim() === skey ? '' : ': it begins or ends with a space'}`,
      why: 'It has 40 characters, letters and digits.',
      fix: 'Copy it anew from the Admin API application in the Duo Admin Panel.',
    });
  return findings;
}

function hostnameFindings(root: YamlNode): Finding[] {
  const path: Path = ['account', 'hostname'];
  const hostname = textAt(root, path);
  if (hostname === undefined) return [];
  const clean = cleanHostname(hostname);
  const findings: Finding[] = [];
  if (isSkey(hostname))
    return [
      {
        severity: 'error',
        code: 'hostname_is_key',
        path,
        message: 'account.hostname looks like a secret key',
        why: 'It would be asked for at the name servers, for all to see.',
        fix: "Copy the API hostname from the Admin API application, for example 'api-xxxxxxxx.duosecurity.com', and put the key under skey.",
      },
    ];
  if (clean === '' || /[^a-z0-9.:[\]_-]/.test(clean))
    return [
      {
        severity: 'error',
        code: 'hostname_invalid',
        path,
        message: `account.hostname is '${clip(hostname)}', which is no host name`,
        fix: "Copy the API hostname from the Admin API application, for example 'api-xxxxxxxx.duosecurity.com'.",
      },
    ];
  if (clean !== hostname.toLowerCase())
    findings.push({
      severity: 'warning',
      code: 'hostname_cleaned',
      path,
      message: `account.hostname is more than a name; '${clip(clean)}' is used`,
      fix: `Write '${clip(clean)}'.`,
    });
  if (!isDuoHostname(clean))
    findings.push({
      severity: 'warning',
      code: 'hostname_not_duo',
      path,
      message: `'${clip(clean)}' does not look like an API host of Duo`,
      why: 'They are named api-xxxxxxxx.duosecurity.com, or .duofederal.com.',
      fix: 'Copy the API hostname from the Admin API application in the Duo Admin Panel.',
    });
  return findings;
}

function blockedFindings(root: YamlNode): Finding[] {
  const path: Path = ['account', 'block_list'];
  const list = nodeAt(root, path);
  if (list?.kind !== 'list') return [];
  return list.items.flatMap((item, index): Finding[] => {
    if (item.kind !== 'scalar' || item.type === 'text') return [];
    return [
      {
        severity: 'warning',
        code: 'blocked_not_text',
        path: [...path, index],
        message: `the blocked account is read as '${clip(item.source)}', as it is written`,
        fix: `Put it in quotes: '${clip(item.source)}'.`,
      },
    ];
  });
}

/** A host name without what people paste with it: `https://`, a login, a path, spaces, capitals. */
export function cleanHostname(text: string): string {
  return text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/^[^/]*@/, '')
    .replace(/[/?#].*$/s, '')
    .toLowerCase();
}

/** As a host name, and without the port that belongs to proxy_port. */
export function cleanProxyName(text: string): string {
  return cleanHostname(text).replace(/^([^:]+|\[.*\]):\d*$/, '$1');
}

/** Duo's API hosts are api-<8 letters or digits>.duosecurity.com, for US federal customers duofederal.com. */
export function isDuoHostname(hostname: string): boolean {
  return /^api-[a-z0-9]+\.(?:duosecurity|duofederal)\.com(?::\d{1,5})?$/.test(hostname);
}
