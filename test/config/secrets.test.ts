import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  codesOf,
  goodConfig,
  linux,
  loadText,
  memoryFiles,
  shownProblems,
  skey,
} from './loading.ts';

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

  it('in a file that everybody may read is refused, but not on Windows, which has no such bits', async () => {
    for (const mode of [0o644, 0o602]) {
      const files = memoryFiles({ 'config.yml': fromFile, '/etc/duo/skey': skey }, mode);
      const result = await loadText('', { files });
      expect(codesOf(result)).toEqual(['error secret_file_open']);
      expect(result.config).toBeUndefined();
      expect(result.problems[0]?.fix).toContain("chmod o-rwx '/etc/duo/skey'");
      expect(codesOf(await loadText('', { files, platform: 'win32' }))).toEqual([]);
    }
  });

  it('in a file that its group may read is a warning, because the group may be the program alone', async () => {
    const files = memoryFiles({ 'config.yml': fromFile, '/etc/duo/skey': skey }, 0o640);
    const result = await loadText('', { files });
    expect(codesOf(result)).toEqual(['warning secret_file_open']);
    expect(result.config?.account.skey.reveal()).toBe(skey);
  });

  it('may be a file that Docker or Kubernetes mounts for everybody in the container', async () => {
    for (const path of ['/run/secrets/skey', '/var/run/secrets/duo/skey']) {
      const text = goodConfig([`skey: '${skey}'`, `skey_file: '${path}'`]);
      const result = await loadText('', {
        files: memoryFiles({ 'config.yml': text, [path]: `${skey}\n` }, 0o444),
      });
      expect(codesOf(result)).toEqual([]);
    }
    const outside = goodConfig([`skey: '${skey}'`, "skey_file: '/run/secrets/../skey'"]);
    const files = memoryFiles({ 'config.yml': outside, '/run/secrets/../skey': skey }, 0o444);
    expect(codesOf(await loadText('', { files }))).toEqual(['error secret_file_open']);
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

const print = (code: string): string => JSON.stringify([process.execPath, '-e', code]);
const fromCommand = (argv: string): string =>
  goodConfig([`skey: '${skey}'`, `skey_command: ${argv}`]);

describe('the secret key from systemd', () => {
  const text = goodConfig([`skey: '${skey}'`, "skey_credential: 'duo'"]);
  const env = { CREDENTIALS_DIRECTORY: '/run/credentials/duologsync.service' };
  const file = '/run/credentials/duologsync.service/duo';

  it('is the credential of that name, whatever its permissions', async () => {
    const files = memoryFiles({ 'config.yml': text, [file]: `${skey}\n` }, 0o444);
    const { config, problems } = await loadText('', { files, env });
    expect(problems).toEqual([]);
    expect(config?.account.skey.reveal()).toBe(skey);
  });

  it('is missed with the line for the unit, and how a shell checks the rest', async () => {
    const outside = await loadText(text);
    expect(codesOf(outside)).toEqual(['error secret_credential_missing']);
    expect(outside.problems[0]).toMatchObject({ line: 17, column: 20 });
    expect(outside.problems[0]?.fix).toContain('LoadCredential=duo:');
    expect(outside.problems[0]?.fix).toContain('--no-secrets');
    expect(codesOf(await loadText(text, { env }))).toEqual(['error secret_credential_missing']);
    for (const content of ['', 'one\ntwo\n'])
      expect(codesOf(await loadText(text, { env, others: { [file]: content } }))).toEqual([
        'error secret_file_content',
      ]);
  });

  it('cannot be a path out of the folder of the credentials', async () => {
    for (const name of ['../duo', 'a/b', '..', 'a\\b']) {
      const wrong = goodConfig([`skey: '${skey}'`, `skey_credential: '${name}'`]);
      expect(codesOf(await loadText(wrong, { env }))).toEqual(['error secret_credential_name']);
    }
  });
});

describe('the secret key from a command', () => {
  it('is what it prints, without one newline at the end', async () => {
    for (const end of ['', '\n', '\r\n']) {
      const code = `process.stdout.write(${JSON.stringify(skey + end)})`;
      const { config, problems } = await loadText(fromCommand(print(code)));
      expect(problems).toEqual([]);
      expect(config?.account.skey.reveal()).toBe(skey);
    }
  });

  it('is refused when it is nothing, several lines, or more than a secret can be', async () => {
    for (const code of ['0', "console.log('one\\n')", "console.log('x'.repeat(70000))"]) {
      const result = await loadText(fromCommand(print(code)));
      expect(result.config).toBeUndefined();
      expect(result.problems.map((problem) => problem.code)).toEqual([
        code.includes('repeat') ? 'secret_command_failed' : 'secret_command_output',
      ]);
    }
  });

  it('that fails is told with what it said, its place and the fix, and without the secret', async () => {
    const code = `console.log('${skey}'); console.error('vault is sealed: ${skey}'); process.exitCode = 3`;
    const result = await loadText(fromCommand(print(code)));
    expect(result.problems).toMatchObject([{ code: 'secret_command_failed', line: 17 }]);
    expect(result.problems[0]?.message).toContain('exit code 3');
    expect(result.problems[0]?.why).toBe('It said: vault is sealed: ***');
    expect(JSON.stringify(result.problems)).not.toContain(skey);
  });

  it('gets no shell: what a shell would do is an argument like any other', async () => {
    const code = 'process.stdout.write(process.argv[1])';
    const argv = JSON.stringify([process.execPath, '-e', code, '$(id);`id`&|>x']);
    const { config } = await loadText(fromCommand(argv));
    expect(config?.account.skey.reveal()).toBe('$(id);`id`&|>x');
  });

  it('that is no program is told with the advice to write its whole path', async () => {
    const result = await loadText(fromCommand("['no-such-program-here', 'show']"));
    expect(codesOf(result)).toEqual(['error secret_command_failed']);
    expect(result.problems[0]?.message).toContain('there is no such program');
    expect(result.problems[0]?.fix).toContain('whole path');
  });

  it('must be a list, and its arguments are never shown', async () => {
    expect(codesOf(await loadText(fromCommand("'vault read skey'")))).toEqual([
      'error wrong_value',
    ]);
    const result = await loadText(fromCommand("['no-such-program-here', 'token-4711']"));
    expect(shownProblems(result)).toContain('no-such-program-here');
    expect(shownProblems(result)).not.toContain('4711');
  });
});

describe('a command that needs no secret', () => {
  it('loads the file without fetching any, from wherever they come', async () => {
    for (const line of [
      "skey_file: '/nowhere'",
      'skey_env: NOT_SET',
      "skey_credential: 'duo'",
      "skey_command: ['no-such-program-here']",
      `skey: '${skey}'`,
    ]) {
      const text = goodConfig([`skey: '${skey}'`, line]);
      const { config, paths, problems } = await loadText(text, { secrets: false });
      expect(problems).toEqual([]);
      expect(config?.account.hostname).toBe('api-12345678.duosecurity.com');
      expect(paths?.directory).toBe('/var/lib/duologsync');
    }
  });

  it('still tells that none, or more than one place is named', async () => {
    const none = goodConfig([`  skey: '${skey}'\n`, '']);
    expect(codesOf(await loadText(none, { secrets: false }))).toEqual(['error skey_missing']);
    const two = goodConfig([`skey: '${skey}'`, `skey: '${skey}'\n  skey_command: ['x']`]);
    expect(codesOf(await loadText(two, { secrets: false }))).toEqual(['error secret_twice']);
  });
});

describe('every source of a secret', () => {
  it('gives the config the secret, and shows it nowhere', async () => {
    const anySecret = fc
      .array(fc.constantFrom(...'abcXYZ019+/=_-. ${}\\"%'.split('')), {
        minLength: 12,
        maxLength: 60,
      })
      .map((parts) => `Q${parts.join('')}q`);
    await fc.assert(
      fc.asyncProperty(
        anySecret,
        fc.constantFrom('file', 'env', 'credential'),
        async (secret, from) => {
          const value = { file: "'/s/skey'", env: 'SKEY', credential: "'skey'" }[from];
          const text = goodConfig(
            [`skey: '${skey}'`, `skey_${from}: ${value}`],
            ["'auth'", "'auht'"],
          );
          const options = {
            env: { SKEY: secret, CREDENTIALS_DIRECTORY: '/s' },
            others: { '/s/skey': secret },
          };
          const wrong = await loadText(text, options);
          expect(JSON.stringify(wrong.problems) + shownProblems(wrong)).not.toContain(secret);
          const good = await loadText(text.replace("'auht'", "'auth'"), options);
          expect(good.config?.account.skey.reveal()).toBe(secret);
          expect(inspect(good, { depth: 9 }) + JSON.stringify(good)).not.toContain(secret);
        },
      ),
      { numRuns: 60 },
    );
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
    "proxy_password_credential: 'proxy'",
    `proxy_password_command: ${print("console.log('geheim')")}`,
  ])('is read from %s', async (line) => {
    const { config, problems } = await loadText(proxy(line), {
      env: { PROXY_PASSWORD: 'geheim', CREDENTIALS_DIRECTORY: '/etc/duo' },
      others: { '/etc/duo/proxy': 'geheim\n' },
    });
    expect(problems).toEqual([]);
    expect(config?.dls_settings.proxy).toMatchObject({ proxy_server: 'proxy', proxy_port: 3128 });
    expect(config?.dls_settings.proxy.proxy_password?.reveal()).toBe('geheim');
  });
});
