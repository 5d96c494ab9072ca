import { posix } from 'node:path';
import type { HostFiles } from './host-files.ts';
import type { Host } from './paths.ts';
import type { Finding, Path } from './problem.ts';
import type { YamlNode } from './yaml-tree.ts';
import { textAt } from './yaml-document.ts';

interface Rights {
  readonly host: Host;
  readonly files: HostFiles;
}

/** Who else may read a file that holds a secret: an error when everybody, a warning when its group. */
export async function secretFileRights(
  file: string,
  path: Path,
  { host, files }: Rights,
): Promise<Finding[]> {
  if (host.platform === 'win32' || isMountedForUs(file)) return [];
  const mode = await files.mode(file).catch(() => 0);
  if ((mode & 0o077) === 0) return [];
  const everybody = (mode & 0o007) !== 0;
  return [
    {
      severity: everybody ? 'error' : 'warning',
      code: 'secret_file_open',
      path,
      message: `${everybody ? 'every user of this machine' : 'the group of the file'} may read or change ${file}`,
      why: everybody
        ? 'A secret that everybody can read is none.'
        : 'Fine when the program is alone in that group.',
      fix: `Run: chmod ${everybody ? 'o-rwx' : '600'} '${file}'`,
    },
  ];
}

/** Docker and Kubernetes mount secrets with 0444 for the only user that there is. */
function isMountedForUs(file: string): boolean {
  return /^\/(?:var\/)?run\/secrets\//.test(posix.normalize(file));
}

const inlineSecrets: readonly Path[] = [
  ['account', 'skey'],
  ['dls_settings', 'proxy', 'proxy_password'],
  ['dls_settings', 'status_token'],
];

/** A warning when a config that holds a secret itself, as DLS's do, can be read by everybody. */
export async function configFileRights(
  file: string,
  root: YamlNode | undefined,
  { host, files }: Rights,
): Promise<Finding[]> {
  const path = inlineSecrets.find((inline) => textAt(root, inline) !== undefined);
  if (host.platform === 'win32' || path === undefined) return [];
  const [mode, folder] = await Promise.all(
    [file, posix.dirname(file)].map((one) => files.mode(one).catch(() => 0)),
  );
  // A folder that nobody else may enter protects what is in it.
  if (((mode ?? 0) & 0o004) === 0 || ((folder ?? 0) & 0o001) === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'config_file_open',
      path,
      message: `every user of this machine may read ${file}, and it holds a secret`,
      fix: `Run: chmod o-rwx '${file}'; or keep the secret elsewhere, see docs/operations.md, Secrets.`,
    },
  ];
}
