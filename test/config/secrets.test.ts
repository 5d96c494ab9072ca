import { describe, expect, it } from 'vitest';
import { codesOf, goodConfig, linux, loadText, memoryFiles, skey } from './loading.ts';

const fromFile = goodConfig([`skey: '${skey}'`, "skey_file: '/etc/duo/skey'"]);

describe('the secret key', () => {
  it('may lie in a file, whose last newline does not count', async () => {
    for (const end of ['', '\n', '\r\n']) {
      const { config, problems } = await loadText(fromFile, {
        others: { '/etc/duo/skey': skey + end },
      });
      expect(problems).toEqual([]);
      expect(config?.account.skey.reveal()).toBe(skey);
    }
  });

  it('may be in a variable of the environment', async () => {
    const text = goodConfig([`skey: '${skey}'`, 'skey_env: DUO_SKEY']);
    const { config } = await loadText(text, { env: { DUO_SKEY: skey } });
    expect(config?.account.skey.reveal()).toBe(skey);
    expect(codesOf(await loadText(text, { env: { DUO_SKEY: '' } }))).toEqual([
      'error secret_env_missing',
    ]);
  });

  it('in a file that others may read is a warning, but not on Windows, which has no such bits', async () => {
    const files = memoryFiles({ 'config.yml': fromFile, '/etc/duo/skey': skey }, 0o644);
    const result = await loadText('', { files });
    expect(codesOf(result)).toEqual(['warning secret_file_open']);
    expect(result.problems[0]?.fix).toContain("chmod 600 '/etc/duo/skey'");
    expect(codesOf(await loadText('', { files, platform: 'win32' }))).toEqual([]);
  });

  it('in a file of several lines, or of an impossible length, is refused', async () => {
    for (const content of ['one\ntwo\n', 'x'.repeat(70_000)]) {
      const result = await loadText(fromFile, { others: { '/etc/duo/skey': content } });
      expect(codesOf(result)).toEqual(['error secret_file_content']);
    }
  });

  it('is not also looked for in the environment when the file does not say so', async () => {
    const text = goodConfig([`  skey: '${skey}'\n`, '']);
    expect(codesOf(await loadText(text, { env: { ...linux.env, skey } }))).toEqual([
      'error skey_missing',
    ]);
  });
});

describe('the password of the proxy', () => {
  const proxy = (line: string): string =>
    goodConfig([
      '  api:',
      `  proxy:\n    proxy_server: 'proxy'\n    proxy_port: 3128\n    ${line}\n  api:`,
    ]);

  it.each([
    "proxy_password: 'geheim'",
    "proxy_password_file: '/etc/duo/proxy'",
    "proxy_password_env: 'PROXY_PASSWORD'",
  ])('is read from %s', async (line) => {
    const { config, problems } = await loadText(proxy(line), {
      env: { PROXY_PASSWORD: 'geheim' },
      others: { '/etc/duo/proxy': 'geheim\n' },
    });
    expect(problems).toEqual([]);
    expect(config?.dls_settings.proxy).toMatchObject({ proxy_server: 'proxy', proxy_port: 3128 });
    expect(config?.dls_settings.proxy.proxy_password?.reveal()).toBe('geheim');
  });
});
