import { describe, expect, it } from 'vitest';
import type { LoadResult } from '../../src/config/load.ts';
import { codesOf, goodConfig, loadText, shownProblems } from './loading.ts';

const network = "    hostname: 'siem.example.com'\n    port: 6514\n    protocol: 'TCP'\n";
const archive = (...lines: string[]): string =>
  ["    protocol: 'FILE'", ...lines].map((line) => `${line}\n`).join('');
const folder = "    directory: '/var/log/duo'";
const load = (...lines: string[]): Promise<LoadResult> =>
  loadText(goodConfig([network, archive(...lines)]));

/** A second FILE server, in this folder. */
const withSecond = (directory: string, platform: NodeJS.Platform = 'linux'): Promise<LoadResult> =>
  loadText(
    goodConfig(
      [
        network,
        archive(`    directory: '${platform === 'win32' ? 'C:\\logs\\Duo' : '/var/log/duo'}'`),
      ],
      ['account:', `  - id: two\n    protocol: FILE\n    directory: '${directory}'\naccount:`],
      ["server: 'siem'", "server: 'siem'\n    - endpoints: ['auth']\n      server: 'two'"],
    ),
    { platform },
  );

describe('a FILE server', () => {
  it('needs a directory, and neither hostname nor port', async () => {
    const result = await load(folder);
    expect(result.problems).toEqual([]);
    expect(result.config?.servers[0]).toMatchObject({
      directory: '/var/log/duo',
      hostname: '/var/log/duo',
      port: 0,
    });
  });

  it('without a directory is told where, why and what to write', async () => {
    const result = await load();
    expect(shownProblems(result)).toContain(
      'config.yml:11:5: error: servers[0].directory is missing',
    );
    expect(result.problems[0]?.fix).toBe("Write, for example, directory: '/var/log/duo'.");
  });

  it.each([
    ['duo', 'linux', false],
    ['./duo', 'linux', false],
    ['C:\\duo', 'linux', false],
    ['duo', 'win32', false],
    ['C:\\duo', 'win32', true],
    ['\\\\server\\share\\duo', 'win32', true],
  ] as const)('with directory %s on %s: absolute or not', async (directory, platform, good) => {
    const text = goodConfig([network, archive(`    directory: '${directory}'`)]);
    const result = await loadText(text, { platform });
    expect(codesOf(result).includes('error archive_directory')).toBe(!good);
  });

  it('in a folder that is emptied at each start is warned of', async () => {
    expect(codesOf(await load("    directory: '/tmp/duo'"))).toEqual(['warning temporary_folder']);
  });

  it('says which settings of a network it does not use', async () => {
    const result = await load(folder, '    port: 514', '    confirm: drained');
    expect(codesOf(result)).toEqual(['warning setting_ignored', 'warning setting_ignored']);
    expect(result.config?.servers[0]).toMatchObject({ port: 0, confirm: undefined });
  });

  it.each([
    ["    path: '{YYYY}-{MM}-{DD}'", 'several endpoints would meet in one file', 'Add {endpoint}.'],
    ["    path: '../{endpoint}'", 'begins with a dot', ''],
    ["    path: '{endpoint}/{day}'", "'{day}' is no placeholder", ''],
    ["    path: '{endpoint}'\n    retention_days: 9", 'has no date', ''],
  ])('refuses %s at its line and column', async (line, message, fix) => {
    const result = await load(folder, line);
    expect(codesOf(result)).toEqual(['error archive_path']);
    const [problem] = result.problems;
    expect(problem).toMatchObject({ line: 14, column: 11 });
    expect(problem?.message).toContain(message);
    expect(problem?.fix).toContain(fix);
  });

  it('lets child accounts meet in no file', async () => {
    const text = goodConfig(
      [network, archive(folder, "    path: '{endpoint}/{YYYY}'")],
      ['account:\n', 'account:\n  is_msp: true\n'],
    );
    const result = await loadText(text);
    expect(codesOf(result)).toEqual(['error archive_path']);
    expect(result.problems[0]?.fix).toBe('Add {account}.');
  });

  it('takes a preset, or path and time_zone, and not both', async () => {
    expect((await load(folder, '    preset: duo_watcher')).problems).toEqual([]);
    const both = await load(folder, '    preset: duo_watcher', '    time_zone: utc');
    expect(codesOf(both)).toEqual(['error preset_conflict']);
    expect(both.problems[0]).toMatchObject({ line: 15 });
  });

  it('needs checkpoints', async () => {
    const text = goodConfig([network, archive(folder)], ['enabled: true', 'enabled: false']);
    expect(codesOf(await loadText(text))).toContain('error archive_needs_checkpoints');
  });

  it.each([
    ['/var/log/duo', 'linux'],
    ['/var/log//duo/', 'linux'],
    ['/var/log/duo/more', 'linux'],
    ['/var/log', 'linux'],
    ['/var/log/other/../duo', 'linux'],
    ['/VAR/log/duo', 'darwin'],
    ['c:\\LOGS\\duo', 'win32'],
    ['C:/logs/duo/x', 'win32'],
  ] as const)('shares no folder with another: %s on %s', async (directory, platform) => {
    const result = await withSecond(directory, platform);
    expect(codesOf(result)).toEqual(['error archive_directory_shared']);
    expect(result.problems[0]?.message).toContain("the server 'siem'");
  });

  it.each(['/var/log/duo2', '/VAR/log/duo', '/var/log/du'])(
    'may lie beside another: %s',
    async (directory) => {
      expect((await withSecond(directory)).problems).toEqual([]);
    },
  );
});

describe('any other server', () => {
  it('still needs hostname and port', async () => {
    const result = await loadText(goodConfig([network, "    protocol: 'TCP'\n"]));
    expect(result.problems.map(({ message }) => message)).toEqual([
      'servers[0].hostname is missing',
      'servers[0].port is missing',
    ]);
  });

  it('is told once of a port without a value', async () => {
    const result = await loadText(goodConfig(['port: 6514', 'port:']));
    expect(result.problems.map(({ message }) => message)).toEqual(['servers[0].port has no value']);
  });

  it("says that an archive's settings are not for it", async () => {
    const text = goodConfig(["protocol: 'TCP'", "protocol: 'TCP'\n    retention_days: 3"]);
    expect(codesOf(await loadText(text))).toEqual(['warning setting_ignored']);
  });
});
