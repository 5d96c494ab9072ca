import { describe, expect, it } from 'vitest';
import { codesOf, goodConfig, loadText, shownProblems } from './loading.ts';

describe('checks across the file', () => {
  it('are told together with wrong values elsewhere', async () => {
    const result = await loadText(
      goodConfig(['6514', "'6514'"], ["server: 'siem'", "server: 'other'"]),
    );
    expect(codesOf(result)).toEqual(['error wrong_value', 'error server_unknown']);
  });

  it('warn of an explicit /tmp on each system, and obey it', async () => {
    const text = goodConfig(["'/var/lib/duologsync'", "'/tmp/dls'"]);
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      const result = await loadText(text, { platform });
      expect(codesOf(result)).toEqual(['warning temporary_folder']);
      expect(result.paths?.directory).toBe('/tmp/dls');
    }
    const drive = goodConfig(["'/var/lib/duologsync'", "'C:\\tmp'"]);
    expect(codesOf(await loadText(drive, { platform: 'win32' }))).toEqual([
      'warning temporary_folder',
    ]);
    expect(codesOf(await loadText(drive))).toEqual([]);
  });

  it('name the days that are sent again without checkpoints', async () => {
    const off = await loadText(
      goodConfig(['enabled: true', 'enabled: false'], ['    offset: 30\n', '']),
    );
    expect(codesOf(off)).toEqual(['warning checkpointing_off']);
    expect(off.problems[0]?.message).toContain('the last 180 days');
  });

  it('clean the name of a proxy, with a warning', async () => {
    const text = goodConfig([
      '  api:',
      "  proxy: {proxy_server: 'http://squid.corp/', proxy_port: 8080.0}\n  api:",
    ]);
    const result = await loadText(text);
    expect(codesOf(result)).toEqual(['warning hostname_cleaned']);
    expect(result.config?.dls_settings.proxy).toMatchObject({
      proxy_server: 'squid.corp',
      proxy_port: 8080,
    });
  });

  it('take the login and the port out of the name of a proxy, and show the login nowhere', async () => {
    const section =
      "  proxy: {proxy_server: 'http://me:hunter2@squid.corp:8080', proxy_port: 8080}";
    const result = await loadText(goodConfig(['  api:', `${section}\n  api:`]));
    expect(codesOf(result)).toEqual(['warning hostname_cleaned']);
    expect(result.problems[0]?.fix).toContain('proxy_password');
    expect(shownProblems(result)).not.toContain('hunter2');
    expect(result.config?.dls_settings.proxy).toMatchObject({ proxy_server: 'squid.corp' });
  });
});
