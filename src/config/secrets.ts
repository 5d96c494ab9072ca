import { Secret } from '../core/secret.ts';
import { reasonOf } from './host-files.ts';
import type { HostFiles } from './host-files.ts';
import type { Host } from './paths.ts';
import { pathText } from './problem.ts';
import type { Finding, Path } from './problem.ts';
import type { YamlNode } from './yaml-tree.ts';
import { textAt } from './yaml-document.ts';

export interface SecretContext {
  readonly root: YamlNode | undefined;
  readonly host: Host;
  readonly files: HostFiles;
}

export interface SecretResult {
  readonly secret: Secret | undefined;
  readonly findings: readonly Finding[];
}

const longestSecret = 65_536;

/**
 * Reads the secret `key` of a section from the one place that the section names: the key itself, `key_file`,
 * or `key_env`. Two places are an error, because it is in doubt which counts; none is no secret.
 */
export async function readSecret(
  section: Path,
  key: string,
  context: SecretContext,
): Promise<SecretResult> {
  const given = [key, `${key}_file`, `${key}_env`].filter(
    (name) => textAt(context.root, [...section, name]) !== undefined,
  );
  const [name, second] = given;
  if (name === undefined) return { secret: undefined, findings: [] };
  const path = [...section, name];
  if (second !== undefined)
    return failed([...section, second], 'secret_twice', {
      message: `${given.join(' and ')} are both given`,
      why: 'It is in doubt which one counts.',
      fix: 'Keep one of them and remove the other.',
    });
  const value = textAt(context.root, path) ?? '';
  if (name.endsWith('_file')) return fromFile(value, path, context);
  if (name.endsWith('_env')) return fromVariable(value, path, context);
  return { secret: new Secret(value), findings: [] };
}

function fromVariable(name: string, path: Path, { host }: SecretContext): SecretResult {
  const value = host.env[name];
  if (value !== undefined && value !== '') return { secret: new Secret(value), findings: [] };
  return failed(path, 'secret_env_missing', {
    message: `the environment variable ${name} is ${value === undefined ? 'not set' : 'empty'}`,
    why: 'A service does not see the variables of your shell.',
    fix: `Set ${name} where the program is started, for systemd in its unit, or use ${baseName(path)}_file.`,
  });
}

async function fromFile(file: string, path: Path, context: SecretContext): Promise<SecretResult> {
  let bytes: Uint8Array;
  try {
    bytes = await context.files.read(file, longestSecret);
  } catch (error) {
    return failed(path, 'secret_file_unreadable', {
      message: `cannot read ${file}: ${reasonOf(error)}`,
      fix: 'Correct the path, or let the account that runs the program read the file.',
    });
  }
  const text = new TextDecoder().decode(bytes).replace(/(?:\r?\n)+$/, '');
  if (text === '' || text.includes('\n') || bytes.length > longestSecret)
    return failed(path, 'secret_file_content', {
      message: `the file '${file}' ${text === '' ? 'is empty' : 'holds more than one line'}`,
      why: 'The file must hold the secret and nothing else.',
      fix: 'Write the secret into it, on one line.',
    });
  return { secret: new Secret(text), findings: await permissions(file, path, context) };
}

async function permissions(
  file: string,
  path: Path,
  { host, files }: SecretContext,
): Promise<Finding[]> {
  if (host.platform === 'win32') return [];
  const mode = await files.mode(file).catch(() => 0);
  if ((mode & 0o077) === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'secret_file_open',
      path,
      message: `other users of this machine may read or change ${file}`,
      fix: `Run: chmod 600 '${file}'`,
    },
  ];
}

const baseName = (path: Path): string => pathText(path.slice(-1)).replace(/_env$/, '');

function failed(
  path: Path,
  code: string,
  words: Pick<Finding, 'message' | 'why' | 'fix'>,
): SecretResult {
  return { secret: undefined, findings: [{ severity: 'error', code, path, ...words }] };
}
