import { rm, writeFile } from 'node:fs/promises';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';

/** What the schema makes of a config file with this text. */
export async function configOf(text: string): Promise<Config> {
  const folder = await mkdtemp(join(tmpdir(), 'duologsync-config-'));
  const path = join(folder, 'config.yml');
  try {
    await writeFile(path, text, { mode: 0o600 });
    const { config, problems } = await loadConfig(path, { env: {}, platform: process.platform });
    if (config === undefined) throw new Error(JSON.stringify(problems));
    return config;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Two servers: `a` gets auth, `b` auth and more. Further lines for `dls_settings.api` and for server `a`. */
export function twoServers(
  api: readonly string[] = [],
  a: readonly string[] = [],
): Promise<Config> {
  const server = (id: string, more: readonly string[]): string[] => [
    `  - id: ${id}`,
    '    hostname: localhost',
    `    port: ${id === 'a' ? 1 : 2}`,
    '    protocol: TCP',
    ...more.map((line) => `    ${line}`),
  ];
  return configOf(
    [
      'version: "1.0.0"',
      ...(api.length === 0 ? [] : ['dls_settings:', '  api:', ...api.map((line) => `    ${line}`)]),
      'servers:',
      ...server('a', a),
      ...server('b', []),
      'account:',
      '  ikey: DIXXXXXXXXXXXXXXXXXX',
      '  skey: abcdefghijklmnopqrstuvwxyz0123456789ABCD',
      '  hostname: api-12345678.duosecurity.com',
      '  endpoint_server_mappings:',
      '    - {endpoints: [auth], server: a}',
      '    - {endpoints: [auth, adminaction, trustmonitor], server: b}',
      '',
    ].join('\n'),
  );
}
