import { describe, expect, it } from 'vitest';
import { endpoints } from '../../src/endpoints/index.ts';
import { codesOf, goodConfig, loadText, shownProblems } from './loading.ts';

const alertAfter = (line: string) =>
  loadText(goodConfig(['dls_settings:\n', `dls_settings:\n  alert_after: {${line}}\n`]));
const heartbeat = (line: string, protocol = 'TCP') =>
  loadText(goodConfig(["    protocol: 'TCP'\n", `    protocol: '${protocol}'\n    ${line}\n`]));

describe('alert_after', () => {
  it('is nothing unless a log is named', async () => {
    const { config } = await loadText(goodConfig());
    expect(config?.dls_settings.alert_after).toEqual({});
  });

  it('takes hours and fractions of them, for every log there is', async () => {
    const { config, problems } = await alertAfter('auth: 6, activity: 0.25');
    expect(problems).toEqual([]);
    expect(config?.dls_settings.alert_after).toEqual({ auth: 6, activity: 0.25 });
    for (const name of Object.keys(endpoints)) {
      const result = await alertAfter(`${name}: 1`);
      expect(codesOf(result).filter((code) => code.startsWith('error'))).toEqual([]);
    }
  });

  it.each(['auth: 0', 'auth: -1', "auth: '6 h'", 'auth: 4321'])('refuses %s', async (line) => {
    const { config, problems } = await alertAfter(line);
    expect(config).toBeUndefined();
    expect(problems.map(({ path }) => path.join('.'))).toEqual(['dls_settings.alert_after.auth']);
  });

  it('knows no other log, and says which may be meant', async () => {
    expect(shownProblems(await alertAfter('auht: 6'))).toContain("'auth'");
  });

  it('warns of a log that nobody reads', async () => {
    const result = await alertAfter('telephony: 6, auth: 6');
    expect(codesOf(result)).toEqual(['warning alert_unmapped']);
    expect(shownProblems(result)).toContain('alert_after names telephony');
  });
});

describe('heartbeat_seconds', () => {
  it('is off unless it is set', async () => {
    expect((await loadText(goodConfig())).config?.servers[0]?.heartbeat_seconds).toBeUndefined();
    const { config, problems } = await heartbeat('heartbeat_seconds: 10');
    expect(problems).toEqual([]);
    expect(config?.servers[0]?.heartbeat_seconds).toBe(10);
  });

  it.each(['9', '86401', "'60'"])('refuses %s', async (value) => {
    expect((await heartbeat(`heartbeat_seconds: ${value}`)).config).toBeUndefined();
  });

  it("has no meaning for an archive, which holds Duo's rows alone", async () => {
    const archive = goodConfig(
      ["    hostname: 'siem.example.com'\n    port: 6514\n", "    directory: '/var/log/duo'\n"],
      ["    protocol: 'TCP'\n", "    protocol: 'FILE'\n    heartbeat_seconds: 60\n"],
    );
    const result = await loadText(archive);
    expect(codesOf(result)).toEqual(['warning setting_ignored']);
    expect(shownProblems(result)).toContain('heartbeat_seconds has no meaning for FILE');
  });
});
