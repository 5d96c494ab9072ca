import fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { problemsAsJson } from '../../src/config/issues.ts';
import { loadConfig } from '../../src/config/load.ts';
import { codesOf, goodConfig, linux, loadText, shownProblems, skey } from './loading.ts';

/** Everything that DLS lets a person leave out is left out, or is left without a value. */
const shortest = `version: 1.0.0
dls_settings:
servers:
- id: siem
  hostname: 10.0.0.5
  port: 514.0
  protocol: UDP
  cert_filepath: ''
account:
  skey: ${skey}
  ikey: DIXXXXXXXXXXXXXXXXXX
  hostname: api-12345678.duosecurity.com
  endpoint_server_mappings:
  - server: siem
    endpoints: [adminaction, auth, telephony, activity]
  is_msp: no
  block_list:
`;

describe('a config of Duo Log Sync', () => {
  it('loads without a word when it is in order', async () => {
    const result = await loadText(goodConfig());
    expect(result.problems).toEqual([]);
    expect(result.config).toMatchObject({
      dls_settings: { log_format: 'JSON', api: { offset: 30, timeout: 120 } },
      servers: [{ id: 'siem', port: 6514, protocol: 'TCP' }],
      account: { endpoint_server_mappings: [{ endpoints: ['auth', 'activity'], server: 'siem' }] },
    });
  });

  it('gets every default when it leaves out what it may', async () => {
    const { config, problems, paths } = await loadText(shortest);
    expect(problems).toEqual([]);
    expect(config?.dls_settings).toEqual({
      dead_letter_full: 'stop',
      dead_letter_max_mb: 100,
      log_format: 'JSON',
      json_style: 'python',
      json_add: 'dls',
      cef_time: 'utc',
      cef_leading_space: false,
      cef_profile: 'compat',
      cef_vendor: 'Duo Security',
      cef_product: 'DuoLogSync',
      cef_severity_overrides: {},
      api: {
        offset: 180,
        timeout: 120,
        settle_seconds: 120,
        lookback_minutes: 40,
        reread_minutes: 10,
        requests_per_minute: 'auto',
        signature: 'v5',
      },
      checkpointing: { enabled: true },
      proxy: { no_proxy: [] },
      status_address: '127.0.0.1',
      status_hosts: [],
      status_account_label: true,
      alert_after: {},
    });
    expect(config?.servers[0]).toMatchObject({ hostname: '10.0.0.5', port: 514 });
    expect(config?.account).toMatchObject({ is_msp: false, block_list: [] });
    expect(paths?.directory).toBe('/home/duo/.local/state/duologsync');
  });

  it('loads with a byte order mark, and with the line ends of Windows', async () => {
    for (const text of [`\ufeff${goodConfig()}`, goodConfig().replaceAll('\n', '\r\n')]) {
      const { config, problems } = await loadText(text);
      expect(problems).toEqual([]);
      expect(config?.account.skey.reveal()).toBe(skey);
    }
  });

  it('may use fractions, and a timeout below the floor becomes the floor', async () => {
    const text = goodConfig(['offset: 30', 'offset: 1.5'], ['timeout: 120', 'timeout: 120.5']);
    const { config } = await loadText(text);
    expect(config?.dls_settings.api).toMatchObject({ offset: 1.5, timeout: 120.5 });
    const low = await loadText(goodConfig(['timeout: 120', 'timeout: -5']));
    expect(low.config?.dls_settings.api.timeout).toBe(120);
    expect(codesOf(low)).toEqual(['note timeout_raised']);
  });

  it('treats settings without a value as absent, whichever they are', async () => {
    const text = goodConfig(
      [
        "log_format: 'JSON'",
        'log_format:\n  log_filepath: ~\n  proxy:\n    proxy_server:\n    proxy_port:',
      ],
      ["'TCP'", "'TCP'\n    cert_filepath:\n    confirm:"],
      ["directory: '/var/lib/duologsync'", 'directory:'],
    );
    const { config, problems } = await loadText(text);
    expect(problems).toEqual([]);
    expect(config?.dls_settings.log_format).toBe('JSON');
    expect(config?.dls_settings.checkpointing.directory).toBeUndefined();
  });

  it('does without the proxy when its server is empty and its port 0, as in the template of DLS', async () => {
    const text = goodConfig([
      '  api:',
      "  proxy:\n    proxy_server: ''\n    proxy_port: 0\n  api:",
    ]);
    const { config, problems } = await loadText(text);
    expect(problems).toEqual([]);
    expect(config?.dls_settings.proxy).toEqual({ no_proxy: [], proxy_password: undefined });
  });

  it('may hold anything as blocked accounts, because DLS never looked at them', async () => {
    const text = goodConfig([
      '  endpoint_server',
      '  block_list: [DA1, 012, 2020-01-01]\n  endpoint_server',
    ]);
    const result = await loadText(text);
    expect(result.config?.account.block_list).toEqual(['DA1', '012', '2020-01-01']);
    expect(codesOf(result)).toEqual(['warning blocked_not_text', 'warning blocked_not_text']);
  });

  it('in the encoding of old Windows editors loads with a warning', async () => {
    const text = goodConfig(['dls_settings:', '# f\u00fcr uns\ndls_settings:']);
    const result = await loadText(Buffer.from(text, 'latin1'));
    expect(codesOf(result)).toEqual(['warning config_not_utf8']);
    expect(result.problems[0]).toMatchObject({ line: 2, column: 4 });
    expect(result.config).toBeDefined();
  });

  it('names Duo as a person would paste it, and is read with the name alone', async () => {
    const { config } = await loadText(
      goodConfig(["'api-", "'https://API-"], ["com'\n  endpoint", "com/'\n  endpoint"]),
    );
    expect(config?.account.hostname).toBe('api-12345678.duosecurity.com');
  });
});

describe('an MSP', () => {
  it('names the child accounts that are not read by id or name', async () => {
    const { config } = await loadText(
      goodConfig([
        '  endpoint_server',
        "  is_msp: true\n  block_list: [DA1, 'Test *']\n  endpoint_server",
      ]),
    );
    expect(config?.account).toMatchObject({ is_msp: true, block_list: ['DA1', 'Test *'] });
  });
});

describe('a file that is no config', () => {
  it('which cannot be read is an error with the reason and the remedy', async () => {
    await expect(
      loadText('', {
        files: { read: () => Promise.reject(new Error('I/O')), mode: () => Promise.resolve(0) },
      }),
    ).rejects.toMatchObject({
      code: 'config_unreadable',
      remedy: 'stop',
    });
    const folder = await mkdtemp(join(tmpdir(), 'duologsync-load-'));
    try {
      for (const [path, words] of [
        [join(folder, 'none.yml'), 'there is no such file'],
        [folder, /folder|EISDIR|EACCES|may not read/],
      ] as const)
        await expect(loadConfig(path, linux)).rejects.toMatchObject({
          code: 'config_unreadable',
          message: expect.stringMatching(words) as string,
          hint: expect.stringMatching(/^Check the path/) as string,
        });
      await writeFile(join(folder, 'config.yml'), goodConfig());
      expect((await loadConfig(join(folder, 'config.yml'), linux)).config).toBeDefined();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('which is larger than 1 MiB is refused unread', async () => {
    const result = await loadText('#'.repeat(1_048_577));
    expect(codesOf(result)).toEqual(['error config_too_large']);
  });

  it('which is UTF-16 is refused with the way to save it', async () => {
    const result = await loadText(Buffer.from(`\ufeff${goodConfig()}`, 'utf16le'));
    expect(codesOf(result)).toEqual(['error config_not_utf8']);
    expect(result.problems[0]?.fix).toContain('UTF-8');
  });
});

describe('the loader', () => {
  it('shows no secret in anything that it returns', async () => {
    const secret = 'correct-horse-battery-staple';
    for (const text of [
      goodConfig([`'${skey}'`, `'${secret}'`], ["'auth'", "'auht'"]),
      goodConfig([`skey: '${skey}'`, `skye: '${secret}'`]),
      goodConfig([`skey: '${skey}'`, `skey: '${secret}`]),
      goodConfig([`skey: '${skey}'`, `skey: ['${secret}']`]),
      goodConfig(["ikey: 'DIXXXXXXXXXXXXXXXXXX'", `ikey: '${secret}'`]),
    ]) {
      const result = await loadText(text);
      const json = JSON.stringify(problemsAsJson(result.problems, result.text));
      const visible = `${shownProblems(result)}\n${json}`;
      expect(visible).not.toContain(secret.slice(0, 12));
      expect(result.problems.length).toBeGreaterThan(0);
    }
  });

  it('returns a config whose secrets are never printed by accident', async () => {
    const { config } = await loadText(goodConfig());
    expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain(skey);
    expect(config?.account.skey.reveal()).toBe(skey);
  });

  it('comes to an end without an exception for every change to a good file', async () => {
    const good = goodConfig();
    const pieces = fc.constantFrom(
      "'",
      '"',
      ':',
      ' ',
      '\n',
      '\t',
      '-',
      '[',
      '{',
      '*',
      '&',
      '!',
      '#',
      '012',
      '~',
      '\u0000',
    );
    const change = fc.record({
      at: fc.nat(good.length),
      remove: fc.nat(40),
      insert: fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 8 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        let text = good;
        for (const { at, remove, insert } of changes)
          text = text.slice(0, at) + insert + text.slice(at + remove);
        const result = await loadText(text);
        const hasError = result.problems.some(({ severity }) => severity === 'error');
        expect(result.config === undefined).toBe(hasError);
        expect(shownProblems(result)).not.toMatch(/undefined|\[object/);
        const lines = result.text.split('\n').length;
        for (const { line, column, endColumn } of result.problems) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines);
          expect(endColumn).toBeGreaterThan(column);
        }
      }),
      { numRuns: 400 },
    );
  });
});
