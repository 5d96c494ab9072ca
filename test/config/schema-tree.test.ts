import { describe, expect, it } from 'vitest';
import { endpoints } from '../../src/endpoints/index.ts';
import { formatters } from '../../src/formatters/index.ts';
import { sinks } from '../../src/sinks/index.ts';
import { configSchema } from '../../src/config/schema.ts';
import {
  allSettings,
  limitsOf,
  metaOf,
  schemaAt,
  settingsValue,
  wordsOf,
} from '../../src/config/schema-tree.ts';
import { readYaml } from '../../src/config/yaml-document.ts';

function words(path: readonly (string | number)[]): readonly string[] | undefined {
  const schema = schemaAt(path);
  return schema === undefined ? undefined : wordsOf(schema);
}

function limits(path: readonly (string | number)[]): string | undefined {
  const schema = schemaAt(path);
  return schema === undefined ? undefined : limitsOf(schema);
}

describe('the schema', () => {
  it('takes the names of endpoints, formats and protocols from their lists', () => {
    expect(words(['account', 'endpoint_server_mappings', 0, 'endpoints', 0])).toEqual(
      Object.keys(endpoints),
    );
    expect(words(['dls_settings', 'log_format'])).toEqual(Object.keys(formatters));
    expect(words(['servers', 0, 'log_format'])).toEqual(Object.keys(formatters));
    expect(words(['servers', 0, 'protocol'])).toEqual(Object.keys(sinks));
  });

  it('tells limits in words', () => {
    expect(limits(['servers', 0, 'port'])).toBe('a whole number from 1 to 65535');
    expect(limits(['dls_settings', 'api', 'offset'])).toBe('a number from 0 to 180');
    expect(limits(['dls_settings', 'api', 'requests_per_minute'])).toBe(
      "'auto' or a number above 0, at most 6000",
    );
    expect(limits(['account', 'ikey'])).toBeUndefined();
  });

  it('knows which settings are secret', () => {
    const secrets = allSettings().filter(({ meta }) => meta.secret === true);
    expect(secrets.map(({ path }) => path.at(-1))).toEqual([
      'status_token',
      'proxy_password',
      'client_key_passphrase',
      'skey',
    ]);
    expect(metaOf(schemaAt(['nothing', 'here']))).toEqual({});
  });

  it('has an example wherever a person must write something', () => {
    const needed = allSettings().filter(({ required, kind }) => required && kind === 'value');
    for (const { path, meta } of needed)
      if (path[0] !== 'version') expect(meta.example, path.join('.')).toBeDefined();
  });

  it('never finds settings in what every object has', () => {
    expect(schemaAt(['constructor'])).toBeUndefined();
    expect(schemaAt(['account', '__proto__'])).toBeUndefined();
  });
});

describe('the values for the schema', () => {
  it('lack known settings without a value, and keep unknown ones to be told', () => {
    const { root } = readYaml('version:\nwrong:\naccount:\n  block_list: [017, a]\n');
    expect(settingsValue(root)).toEqual({ wrong: null, account: { block_list: ['017', 'a'] } });
    const parsed = configSchema.safeParse(settingsValue(root));
    expect(parsed.error?.issues.some(({ code }) => code === 'unrecognized_keys')).toBe(true);
  });
});
