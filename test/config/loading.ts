import type { HostFiles } from '../../src/config/host-files.ts';
import { formatProblems } from '../../src/config/issues.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { LoadOptions, LoadResult } from '../../src/config/load.ts';

/** Files by path, in memory; a number sets the permission bits of the file after it. */
export function memoryFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  mode = 0o600,
): HostFiles {
  return {
    async read(path, limit) {
      const found = Object.hasOwn(files, path) ? files[path] : undefined;
      if (found === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return Buffer.from(found).subarray(0, limit + 1);
    },
    async mode() {
      return mode;
    },
  };
}

export const linux: LoadOptions = { env: {}, platform: 'linux', home: '/home/duo', uid: 1000 };

/** Loads a text as if it were the file config.yml; `files` are the others. */
export function loadText(
  text: string | Uint8Array,
  options: Partial<LoadOptions> & { readonly others?: Readonly<Record<string, string>> } = {},
): Promise<LoadResult> {
  const { others = {}, ...rest } = options;
  return loadConfig('config.yml', {
    ...linux,
    files: memoryFiles({ ...others, 'config.yml': text }),
    ...rest,
  });
}

export function shownProblems(result: LoadResult): string {
  return formatProblems(result.problems, result.text);
}

export function codesOf(result: LoadResult): string[] {
  return result.problems.map(({ severity, code }) => `${severity} ${code}`);
}

export const skey = 'abcdefghijabcdefghijabcdefghijabcdefghij';

/** A config without any problem; `replace` is applied to its text. */
export function goodConfig(...replace: readonly (readonly [string, string])[]): string {
  let text = `version: '1.0.0'
dls_settings:
  log_format: 'JSON'
  api:
    offset: 30
    timeout: 120
  checkpointing:
    enabled: true
    directory: '/var/lib/duologsync'
servers:
  - id: 'siem'
    hostname: 'siem.example.com'
    port: 6514
    protocol: 'TCP'
account:
  ikey: 'DIXXXXXXXXXXXXXXXXXX'
  skey: '${skey}'
  hostname: 'api-12345678.duosecurity.com'
  endpoint_server_mappings:
    - endpoints: ['auth', 'activity']
      server: 'siem'
`;
  for (const [from, to] of replace) {
    if (!text.includes(from)) throw new Error(`the good config does not contain ${from}`);
    text = text.replace(from, to);
  }
  return text;
}
