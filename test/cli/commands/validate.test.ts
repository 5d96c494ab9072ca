import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { validate } from '../../../src/cli/commands/validate.ts';
import { fakeIo } from '../fake-io.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologsync-validate-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const good = `version: '1.0.0'
dls_settings:
  log_filepath: FOLDER/duologsync.log
  checkpointing:
    directory: FOLDER/state
servers:
  - id: siem
    hostname: localhost
    port: 8888
    protocol: TCP
account:
  ikey: DIXXXXXXXXXXXXXXXXXX
  skey: 'a-secret-that-is-never-shown-anywhere-00'
  hostname: api-xxxxxxxx.duosecurity.com
  endpoint_server_mappings:
    - endpoints: [auth]
      server: siem
`;

async function run(text: string, options: { json?: boolean; secrets?: boolean } = {}) {
  const file = join(folder, 'config.yml');
  await writeFile(file, text.replaceAll('FOLDER', folder.replaceAll('\\', '/')));
  const io = fakeIo();
  const code = await validate(file, options, io);
  return { code, file, out: io.out(), err: io.err() };
}

describe('validate', () => {
  it('says that a file is valid and exits with 0', async () => {
    const { code, file, out } = await run(good);
    expect({ code, first: out.split('\n')[0] }).toMatchObject({
      code: 0,
      first: expect.stringMatching(/is valid: \d+ warnings$/) as string,
    });
    expect(out).toContain(file);
  });

  it('tells every mistake at once with its place, and exits with 78', async () => {
    const wrong = good.replace('port: 8888', 'port: 88888').replace('server: siem', 'server: sime');
    const { code, file, out, err } = await run(wrong);
    expect(code).toBe(78);
    expect(out).toBe('');
    expect(err).toContain(`${file}:9:`);
    expect(err).toContain(`${file}:17:`);
    expect(err).toContain("'siem'");
    expect(err).toContain('2 errors');
  });

  it('tells the same as JSON for programs', async () => {
    const { code, out } = await run(good.replace('port: 8888', 'prot: 8888'), { json: true });
    const told = JSON.parse(out) as { valid: boolean; problems: { line: number; code: string }[] };
    expect(code).toBe(78);
    expect(told.valid).toBe(false);
    expect(told.problems).toContainEqual(expect.objectContaining({ line: 9, code: 'unknown_key' }));
  });

  it('never shows the secret key, wrong or right', async () => {
    for (const text of [good, good.replace('skey:', 'sekey:'), good.replace("00'\n", '00\n')]) {
      for (const json of [true, false]) {
        const { out, err } = await run(text, { json });
        expect(out + err).not.toContain('a-secret-that-is-never-shown');
      }
    }
    const key = 'abcdefghijabcdefghijabcdefghijabcdefghij';
    for (const place of ['hostname', 'skey_file', 'skey_env', 'skey']) {
      const text = good.replace(/skey: .*/, `skey: 'x'\n  ${place}: ${key}`);
      for (const json of [true, false]) {
        const { out, err } = await run(text, { json });
        expect(out + err).not.toContain(key);
      }
    }
  });

  it('exits with 66 when there is no such file', async () => {
    const io = fakeIo();
    expect(await validate(join(folder, 'missing.yml'), {}, io)).toBe(66);
    expect(io.err()).toContain('missing.yml');
  });

  it('reads no secret when it is told so, which a shell needs for one that only systemd gives', async () => {
    const text = good.replace(/skey: .*/, 'skey_credential: duo');
    expect((await run(text)).code).toBe(78);
    const { code, out } = await run(text, { secrets: false });
    expect(code).toBe(0);
    expect(out).toContain('secrets and certificates were not read');
    const wrong = text.replace('port: 8888', 'port: 88888');
    expect((await run(wrong, { secrets: false })).code).toBe(78);
  });
});
