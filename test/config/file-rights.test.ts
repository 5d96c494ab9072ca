import { describe, expect, it } from 'vitest';
import type { HostFiles } from '../../src/config/host-files.ts';
import { codesOf, goodConfig, loadText, memoryFiles, skey } from './loading.ts';

function withModes(text: string, file: number, folder: number): HostFiles {
  const files = memoryFiles({ 'config.yml': text });
  return { ...files, mode: (path) => Promise.resolve(path === 'config.yml' ? file : folder) };
}

describe('a config file that holds the secret key', () => {
  const load = (
    file: number,
    folder: number,
    text = goodConfig(),
    platform: NodeJS.Platform = 'linux',
  ) => loadText('', { files: withModes(text, file, folder), platform });

  it('is a warning when everybody may read it, and goes on as with Duo Log Sync', async () => {
    const result = await load(0o644, 0o755);
    expect(codesOf(result)).toEqual(['warning config_file_open']);
    expect(result.problems[0]?.fix).toContain("chmod o-rwx 'config.yml'");
    expect(result.config?.account.skey.reveal()).toBe(skey);
  });

  it('is none when nobody else may read it, or enter its folder, and on Windows', async () => {
    expect(codesOf(await load(0o640, 0o755))).toEqual([]);
    expect(codesOf(await load(0o644, 0o700))).toEqual([]);
    expect(codesOf(await load(0o644, 0o755, goodConfig(), 'win32'))).toEqual([]);
  });

  it('is none when the secret is elsewhere', async () => {
    const text = goodConfig([`skey: '${skey}'`, 'skey_env: DUO']);
    const files = withModes(text, 0o644, 0o755);
    expect(codesOf(await loadText('', { files, env: { DUO: skey } }))).toEqual([]);
  });
});
