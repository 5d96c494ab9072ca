import { posix, win32 } from 'node:path';
import { Secret } from '../core/secret.ts';
import { reasonOf } from './host-files.ts';
import type { HostFiles } from './host-files.ts';
import type { Host } from './paths.ts';
import { secretFileRights } from './file-rights.ts';
import { clip, pathText } from './problem.ts';
import type { Finding, Path } from './problem.ts';
import { runCommand } from './secret-command.ts';
import type { CommandOutcome } from './secret-command.ts';
import type { YamlNode } from './yaml-tree.ts';
import { nodeAt, textAt } from './yaml-document.ts';

export interface SecretContext {
  readonly root: YamlNode | undefined;
  readonly host: Host;
  readonly files: HostFiles;
  /** When false only the file's own words are looked at: no secret is fetched. */
  readonly fetch: boolean;
}

export interface SecretResult {
  readonly secret: Secret | undefined;
  readonly findings: readonly Finding[];
}

const longestSecret = 65_536;
const commandMs = 10_000;

/** Where a secret `key` may come from: `key` itself, and these behind it. */
export const secretSources = ['', '_file', '_env', '_credential', '_command'] as const;

/**
 * Reads the secret `key` of a section from the one place that the section names: the key itself, `key_file`,
 * `key_env`, `key_credential` (systemd) or `key_command`. Two places are an error, because it is in doubt
 * which counts; none is no secret.
 */
export async function readSecret(
  section: Path,
  key: string,
  context: SecretContext,
): Promise<SecretResult> {
  const { root } = context;
  const given = secretSources
    .map((source) => ({ source, name: `${key}${source}` }))
    .filter(({ name }) => isGiven(root, [...section, name]));
  const [first, second] = given;
  if (first === undefined) return { secret: undefined, findings: [] };
  const path = [...section, first.name];
  if (second !== undefined)
    return failed([...section, second.name], 'secret_twice', {
      message: `${given.map(({ name }) => name).join(' and ')} are both given`,
      why: 'It is in doubt which one counts.',
      fix: 'Keep one of them and remove the other.',
    });
  const value = textAt(root, path) ?? '';
  if (first.source === '') return { secret: new Secret(value), findings: [] };
  if (!context.fetch) return { secret: undefined, findings: [] };
  switch (first.source) {
    case '_file':
      return fromFile(value, path, context);
    case '_env':
      return fromVariable(value, path, context);
    case '_credential':
      return fromCredential(value, path, context);
    case '_command':
      return fromCommand(path, context);
  }
}

function isGiven(root: YamlNode | undefined, path: Path): boolean {
  return textAt(root, path) !== undefined || nodeAt(root, path)?.kind === 'list';
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
  const findings = await secretFileRights(file, path, context);
  const refused = findings.some(({ severity }) => severity === 'error');
  return { secret: refused ? undefined : new Secret(text), findings };
}

/** systemd.exec(5), Credentials: files in a folder that only the service sees, for the time that it runs. */
async function fromCredential(
  name: string,
  path: Path,
  context: SecretContext,
): Promise<SecretResult> {
  const { env, platform } = context.host;
  const folder = env['CREDENTIALS_DIRECTORY'];
  if (folder === undefined || folder === '')
    return failed(path, 'secret_credential_missing', {
      message: `the credential '${clip(name)}' cannot be read: systemd did not start this program`,
      why: 'CREDENTIALS_DIRECTORY is not set; systemd sets it for a service that has LoadCredential= in its unit.',
      fix: `Add LoadCredential=${clip(name)}:FILE to the unit. In a shell check the rest: duologsync validate --no-secrets`,
    });
  if (/[/\\]/.test(name) || name === '.' || name === '..')
    return failed(path, 'secret_credential_name', {
      message: `'${clip(name)}' is no name of a credential`,
      fix: 'Write the word between LoadCredential= and the colon; a path is written into skey_file and its like.',
    });
  const file = (platform === 'win32' ? win32 : posix).join(folder, name);
  try {
    const bytes = await context.files.read(file, longestSecret);
    const text = new TextDecoder().decode(bytes).replace(/(?:\r?\n)+$/, '');
    if (text !== '' && !text.includes('\n') && bytes.length <= longestSecret)
      return { secret: new Secret(text), findings: [] };
    return failed(path, 'secret_file_content', {
      message: `the credential '${clip(name)}' ${text === '' ? 'is empty' : 'holds more than one line'}`,
      why: 'It must hold the secret and nothing else.',
      fix: 'Write the secret into the file that LoadCredential= names, on one line, and restart the service.',
    });
  } catch (error) {
    return failed(path, 'secret_credential_missing', {
      message: `cannot read the credential '${clip(name)}': ${reasonOf(error)}`,
      fix: `Add LoadCredential=${clip(name)}:FILE to the unit, run systemctl daemon-reload, and restart the service.`,
    });
  }
}

async function fromCommand(path: Path, { root, host }: SecretContext): Promise<SecretResult> {
  const node = nodeAt(root, path);
  const items = node?.kind === 'list' ? node.items : [];
  const argv = items.flatMap((item) =>
    item.kind === 'scalar' && item.type === 'text' ? [item.source] : [],
  );
  const [program] = argv;
  // What is no list of text is told by the schema.
  if (program === undefined || program === '' || argv.length < items.length)
    return { secret: undefined, findings: [] };
  const limits = { env: host.env, timeoutMs: commandMs, mostBytes: longestSecret };
  const outcome = await runCommand(argv, limits);
  if (outcome.kind !== 'printed') return commandFailed(program, path, outcome);
  const text = outcome.stdout.replace(/\r?\n$/, '');
  if (text !== '' && !/[\r\n]/.test(text)) return { secret: new Secret(text), findings: [] };
  return failed(path, 'secret_command_output', {
    message: `'${clip(program)}' printed ${text === '' ? 'nothing' : 'more than one line'}`,
    why: 'It must print the secret and nothing else; one newline at its end does not count.',
    fix: 'Run the command by hand as the account that runs the program, and correct its arguments.',
  });
}

function commandFailed(
  program: string,
  path: Path,
  outcome: Exclude<CommandOutcome, { readonly kind: 'printed' }>,
): SecretResult {
  if (outcome.kind === 'not_started')
    return failed(path, 'secret_command_failed', {
      message: `cannot start '${clip(program)}': ${outcome.how}`,
      why: "The list is started as it is, without a shell; a service's PATH is short.",
      fix: 'Write the whole path of the program as the first item, and each argument as an item of its own.',
    });
  const said = outcome.said.split(/\r?\n/).filter((line) => line.trim() !== '');
  return failed(path, 'secret_command_failed', {
    message: `'${clip(program)}' ${outcome.how}`,
    ...(said.length === 0 ? {} : { why: `It said: ${printable(said.slice(-3).join(' / '))}` }),
    fix: 'Run the command by hand as the account that runs the program.',
  });
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?').slice(0, 300);
}

const baseName = (path: Path): string => pathText(path.slice(-1)).replace(/_env$/, '');

function failed(
  path: Path,
  code: string,
  words: Pick<Finding, 'message' | 'why' | 'fix'>,
): SecretResult {
  return { secret: undefined, findings: [{ severity: 'error', code, path, ...words }] };
}
