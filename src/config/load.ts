import { homedir } from 'node:os';
import { Secret } from '../core/secret.ts';
import { crossFindings } from './cross-checks.ts';
import { configFileRights } from './file-rights.ts';
import { hostFiles, unreadableConfig } from './host-files.ts';
import type { HostFiles } from './host-files.ts';
import { locate } from './locate.ts';
import { assemble } from './assemble.ts';
import { pathsOf } from './paths.ts';
import type { ConfigPaths, Host } from './paths.ts';
import { pathText } from './problem.ts';
import type { Finding, Problem } from './problem.ts';
import { configSchema } from './schema.ts';
import type { Config } from './schema.ts';
import { tokenFindings } from './status-settings.ts';
import { readSecret } from './secrets.ts';
import type { SecretResult } from './secrets.ts';
import { shapeFindings } from './shape-checks.ts';
import { certificateFindings } from './certificate-checks.ts';
import { decodeText } from './text.ts';
import { versionFinding } from './version.ts';
import { settingsValue } from './schema-tree.ts';
import { nodeAt, readYaml } from './yaml-document.ts';
import type { YamlNode } from './yaml-tree.ts';

export interface LoadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The home folder of the account that runs the program; asked of the system when left out. */
  readonly home?: string;
  readonly uid?: number;
  readonly files?: HostFiles;
  /**
   * False for what needs none, such as where the state lies: secrets and certificates are not read, so that
   * it works for any user and outside the service; `config` has empty secrets in their place.
   */
  readonly secrets?: boolean;
}

export interface LoadResult {
  /** Undefined when a problem is an error. */
  readonly config: Config | undefined;
  /** Where state and log lie; undefined when `config` is. */
  readonly paths: ConfigPaths | undefined;
  /** All of them at once, in the order of the file. */
  readonly problems: readonly Problem[];
  /** The file, without a byte order mark. */
  readonly text: string;
}

const largestFile = 1_048_576;

/**
 * Reads a config file and everything that it names. Whatever is wrong in the file comes back as problems;
 * a file that cannot be read throws `config_unreadable` (stop).
 */
export async function loadConfig(path: string, options: LoadOptions): Promise<LoadResult> {
  const files = options.files ?? hostFiles;
  let bytes: Uint8Array;
  try {
    bytes = await files.read(path, largestFile);
  } catch (error) {
    throw unreadableConfig(path, error);
  }
  const { text, finding } = decodeText(bytes, largestFile);
  if (finding?.severity === 'error') return refused(path, text, [finding], undefined);
  return loadText(path, text, finding, files, options);
}

async function loadText(
  path: string,
  text: string,
  encoding: Finding | undefined,
  files: HostFiles,
  options: LoadOptions,
): Promise<LoadResult> {
  const host = hostOf(options);
  const { root, findings: yaml } = readYaml(text);
  const syntax = encoding === undefined ? yaml : [encoding, ...yaml];
  if (syntax.some((finding) => finding.severity === 'error'))
    return refused(path, text, syntax, root);
  const version = versionFinding(root, path);
  if (version?.alone === true) return refused(path, text, [version.finding], root);
  const parsed = configSchema.safeParse(settingsValue(root));
  const findings: Finding[] = [...syntax];
  if (version !== undefined) findings.push(version.finding);
  const shape = parsed.success ? [] : shapeFindings(parsed.error.issues, root);
  findings.push(...shape.filter((found) => version === undefined || found.path[0] !== 'version'));
  if (root !== undefined) findings.push(...crossFindings(root, host));
  const fetch = options.secrets !== false;
  const context = { root, host, files, fetch };
  if (fetch) findings.push(...(await configFileRights(path, root, context)));
  const skey = await readSecret(['account'], 'skey', context);
  const password = await readSecret(['dls_settings', 'proxy'], 'proxy_password', context);
  const token = await readSecret(['dls_settings'], 'status_token', context);
  const passphrases: SecretResult[] = [];
  for (let index = 0; index < serverCount(root); index += 1)
    passphrases.push(await readSecret(['servers', index], 'client_key_passphrase', context));
  for (const result of [skey, password, token, ...passphrases]) findings.push(...result.findings);
  findings.push(...tokenFindings(root, token.secret));
  const passwords = passphrases.map((result) => result.secret);
  if (root !== undefined && fetch)
    findings.push(...(await certificateFindings(root, passwords, files)));
  const problems = locate(withoutEchoes(findings), path, text, root);
  const key = skey.secret ?? (fetch ? undefined : new Secret(''));
  if (!parsed.success || key === undefined || hasError(findings))
    return { config: undefined, paths: undefined, problems, text };
  const config = assemble(parsed.data, {
    skey: key,
    password: password.secret,
    statusToken: token.secret,
    passphrases: passwords,
  });
  return { config, paths: pathsOf(config, host), problems, text };
}

function hostOf(options: LoadOptions): Host {
  return {
    platform: options.platform,
    env: options.env,
    home: options.home ?? homedir(),
    uid: options.uid ?? process.getuid?.(),
  };
}

function refused(
  path: string,
  text: string,
  findings: readonly Finding[],
  root: YamlNode | undefined,
): LoadResult {
  return {
    config: undefined,
    paths: undefined,
    problems: locate(findings, path, text, root),
    text,
  };
}

/** A misspelt key is one mistake: that the right one is missing goes without saying. */
function withoutEchoes(findings: readonly Finding[]): Finding[] {
  const meant = findings.flatMap(({ code, path, didYouMean }) =>
    code === 'unknown_key' && didYouMean !== undefined
      ? [pathText([...path.slice(0, -1), didYouMean])]
      : [],
  );
  return findings.filter(
    ({ code, path }) => !/missing/.test(code) || !meant.includes(pathText(path)),
  );
}

function serverCount(root: YamlNode | undefined): number {
  const servers = nodeAt(root, ['servers']);
  return servers?.kind === 'list' ? servers.items.length : 0;
}

function hasError(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'error');
}
