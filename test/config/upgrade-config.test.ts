import { link, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { upgradeCommand } from '../../scripts/upgrade-config.ts';
import { packageVersion } from '../../src/core/version.ts';
import { goodConfig, skey } from './loading.ts';

const old = `duoclient: {skey: '${skey}', ikey: 'DIXXXXXXXXXXXXXXXXXX', host: 'api-12345678.duosecurity.com'}
logs: {logDir: /var/log, endpoints: {enabled: [auth]}}
transport: {protocol: TCP, host: siem.example.com, port: 514} # the SIEM
`;

let folder: string;
let from: string;
let to: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologsync-upgrade-'));
  from = join(folder, 'old.yml');
  to = join(folder, 'new.yml');
  await writeFile(from, old);
});

afterEach(() => rm(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await upgradeCommand(args, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    env: {},
    platform: process.platform,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('duologsync-upgrade-config', () => {
  it('writes NEW, leaves OLD alone, and tells each change and the result', async () => {
    const { code, out, err } = await run(from, to);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toContain('moved    transport.host → servers[0].hostname');
    expect(out).toContain(`Wrote ${to} (version 1.0.0, valid).`);
    expect(out).not.toContain(skey);
    expect(await readFile(from, 'utf8')).toBe(old);
    expect(await readFile(to, 'utf8')).toContain("version: '1.0.0'");
    if (process.platform !== 'win32') expect((await stat(to)).mode & 0o777).toBe(0o600);
  });

  it('never overwrites NEW, unless it is told to', async () => {
    await writeFile(to, 'precious');
    const refused = await run(from, to);
    expect(refused.code).toBe(73);
    expect(refused.err).toContain('--force');
    expect(await readFile(to, 'utf8')).toBe('precious');
    expect((await run('--force', from, to)).code).toBe(0);
    expect(await readFile(to, 'utf8')).toContain('servers:');
  });

  it('never touches OLD, also when NEW is the same file under another name', async () => {
    await link(from, join(folder, 'hard.yml'));
    const others = [from, join(folder, '.', 'old.yml'), join(folder, 'hard.yml')];
    if (process.platform !== 'win32') {
      await symlink(from, join(folder, 'soft.yml'));
      others.push(join(folder, 'soft.yml'));
    }
    for (const other of others) {
      const { code, err } = await run(from, other, '--force');
      expect(code).toBe(2);
      expect(err).toContain('the same file');
    }
    expect(await readFile(from, 'utf8')).toBe(old);
  });

  it('copies a current file as it is, and says so', async () => {
    const current = Buffer.from(`\ufeff${goodConfig().replaceAll('\n', '\r\n')}`);
    await writeFile(from, current);
    const { code, out } = await run(from, to);
    expect(code).toBe(0);
    expect(out).toContain('of version 1.0.0 already');
    expect(await readFile(to)).toEqual(current);
  });

  it('writes what can be upgraded of a partial file, and tells what it lacks', async () => {
    await writeFile(from, old.split('\n').slice(0, 2).join('\n'));
    const { code, out, err } = await run(from, to);
    expect(code).toBe(78);
    expect(err).toContain('servers is missing');
    expect(out).toContain('not valid yet');
    expect(await readFile(to, 'utf8')).toContain('account:');
  });

  it('counts a certificate that is missing on this machine as told, not as a failure', async () => {
    await writeFile(
      from,
      old.replace('TCP,', "TCPSSL, certFileDir: 'C:\\certs', certFileName: siem.pem,"),
    );
    const { code, out, err } = await run(from, to);
    expect(code).toBe(0);
    expect(err).toContain('cannot read C:\\certs\\siem.pem');
    expect(out).toContain('valid, apart from files that are missing here');
  });

  it('tells an unreadable OLD, a NEW that can not be written, and what is no YAML, each by its exit code', async () => {
    const unreadable = await run(join(folder, 'none.yml'), to);
    expect(unreadable.code).toBe(66);
    expect(unreadable.err).toContain('there is no such file');
    expect((await run(from, join(folder, 'none', 'new.yml'))).code).toBe(73);
    await writeFile(from, 'logs: [');
    const broken = await run(from, to);
    expect(broken.code).toBe(78);
    expect(broken.err).toMatch(/old\.yml:\d+:\d+: error: /);
    await expect(stat(to)).rejects.toThrow();
  });

  it('has help, a version, and an error for wrong usage', async () => {
    expect(await run('--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Example:') as string,
    });
    expect(await run('--version')).toMatchObject({ code: 0, out: packageVersion() });
    for (const args of [[], [from], [from, to, 'more'], ['--colour', from, to]])
      expect((await run(...args)).code).toBe(2);
  });
});
