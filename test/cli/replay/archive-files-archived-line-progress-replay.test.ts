import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findArchiveFiles } from '../../../src/cli/replay/archive-files.ts';
import { archivedLine } from '../../../src/cli/replay/archived-line.ts';
import { progressPath, readProgress, saveProgress } from '../../../src/cli/replay/progress.ts';
import { mustBeJson } from '../../../src/cli/replay/replay.ts';
import type { Config } from '../../../src/config/schema.ts';
import { formatterFor } from '../../../src/destinations.ts';
import { endpoints } from '../../../src/endpoints/index.ts';
import { configOf } from '../../helpers/config.ts';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'duologsync-archive-files-')));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(path: string, text = '{"a": 1}\n'): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

const archive = (path: string): Promise<Config> =>
  configOf(
    [
      "version: '1.0.0'",
      'servers:',
      '  - id: archive',
      '    protocol: FILE',
      `    directory: '${join(folder, 'own')}'`,
      `    path: '${path}'`,
      'account:',
      '  ikey: DIXXXXXXXXXXXXXXXXXX',
      '  skey: abcdefghijklmnopqrstuvwxyz0123456789ABCD',
      '  hostname: api-12345678.duosecurity.com',
      '  endpoint_server_mappings:',
      '    - {endpoints: [auth], server: archive}',
      '',
    ].join('\n'),
  );

const child = 'DA0123456789ABCDEFGH';
const found = async (from: string, config: Config, named?: 'auth') => {
  const { files, unknown, links } = await findArchiveFiles(join(folder, from), config, named);
  const name = (path: string): string => relative(folder, path).split(sep).join('/');
  return {
    files: files.map(({ path, endpoint, accountId }) => [name(path), endpoint, accountId]),
    unknown: unknown.map(name),
    links: links.map(name),
  };
};

describe('the files of an archive', () => {
  it("are known by the FILE server's own paths, log by log and from the oldest on", async () => {
    const config = await archive('{YYYY}/{MM}/{account}-{endpoint}-{DD}');
    await put('own/2026/01/main-auth-02');
    await put('own/2025/12/main-auth-31');
    await put(`own/2026/01/${child}-telephony-01`);
    await put('own/2026/01/main-auth-32');
    await put('own/.duologsync/x.json');
    expect(await found('own', config)).toEqual({
      files: [
        ['own/2025/12/main-auth-31', 'auth', undefined],
        ['own/2026/01/main-auth-02', 'auth', undefined],
        [`own/2026/01/${child}-telephony-01`, 'telephony', child],
      ],
      unknown: ['own/2026/01/main-auth-32'],
      links: [],
    });
  });

  it('go from the oldest on also where their names do not', async () => {
    const config = await archive('{endpoint}/{DD}-{MM}-{YYYY}.log');
    const names = ['31-12-2025', '01-01-2026', '31-01-2026', '02-02-2026'];
    for (const name of names) await put(`own/auth/${name}.log`);
    const { files } = await found('own', config);
    expect(files.map(([name]) => name)).toEqual(names.map((name) => `own/auth/${name}.log`));
  });

  it('are else known by their folder, those of Duo Watcher too, and never through a link', async () => {
    const config = await archive('{endpoint}.log');
    for (const path of ['old/admin/251231', 'old/phone/260101', 'old/auth/state', 'old/auth/notes'])
      await put(path);
    await put(`old/${child}/activity/2026-01-01.log`);
    await put('old/auth/251230.gz');
    const isWindows = process.platform === 'win32';
    if (!isWindows) await symlink(folder, join(folder, 'old', 'auth', 'link'));
    expect(await found('old', config)).toEqual({
      links: isWindows ? [] : ['old/auth/link'],
      files: [
        ['old/phone/260101', 'telephony', undefined],
        ['old/admin/251231', 'adminaction', undefined],
        [`old/${child}/activity/2026-01-01.log`, 'activity', child],
      ],
      unknown: expect.arrayContaining(['old/auth/251230.gz', 'old/auth/notes']) as string[],
    });
    expect((await found('old', config, 'auth')).files).toEqual([]);
    expect((await found('old/auth/notes', config)).files).toEqual([
      ['old/auth/notes', 'auth', undefined],
    ]);
  });

  it('are refused when one does not begin with a row', async () => {
    const config = await archive('{endpoint}.log');
    for (const [name, text] of Object.entries({ 'a.log': 'CEF:0|\n', 'b.log': '[1]\n' })) {
      await put(`auth/${name}`, text);
      const { files } = await findArchiveFiles(join(folder, 'auth', name), config);
      await expect(mustBeJson(files)).rejects.toMatchObject({ code: 'replay_not_json' });
    }
    for (const [name, text] of Object.entries({
      'c.log': '\n{"a": 1}\n',
      'damaged.log': '{"a": {"a": 1}\n{"a": 1}\n',
    })) {
      await put(`auth/${name}`, text);
      await mustBeJson((await findArchiveFiles(join(folder, 'auth', name), config)).files);
    }
  });
});

describe('an archived row', () => {
  const lineOf = async (text: string, stretch = {}) => {
    const config = await archive('{endpoint}.log');
    const [server] = config.servers;
    if (server === undefined) throw new Error('no server');
    const account = { id: undefined, name: 'main', apiHost: 'api-12345678.duosecurity.com' };
    const origin = { account, endpoint: 'auth', sender: 'here', sentAtMs: 0 };
    const made = { endpoint: endpoints.auth, formatter: formatterFor(server, config), origin };
    const line = archivedLine(Buffer.from(text), '1', made, stretch);
    return typeof line === 'object' ? Buffer.from(line.bytes).toString() : line;
  };

  it('keeps the labels of its archive, and gets them where it has none', async () => {
    const labelled = '{"txid": "a", "eventtype": "authentication", "host": "old.example"}';
    expect(await lineOf(labelled)).toBe(labelled);
    expect(await lineOf('{"txid":"a"}')).toBe(
      '{"txid": "a", "eventtype": "authentication", "host": "api-12345678.duosecurity.com"}',
    );
  });

  it('is left out, with the reason, when it is damaged or its time cannot be told', async () => {
    expect(await lineOf('{"txid": "a')).toBe('the line in the archive is damaged');
    expect(await lineOf('{"txid": "a"}', { sinceMs: 1 })).toContain('it has no time');
    const row = '{"timestamp": 1767225600}';
    const at = 1_767_225_600_000;
    expect(await lineOf(row, { sinceMs: at + 1 })).toBeUndefined();
    expect(await lineOf(row, { untilMs: at })).toBeUndefined();
    expect(await lineOf(row, { sinceMs: at, untilMs: at + 1 })).toContain('1767225600');
  });
});

describe('the note of how far a replay has come', () => {
  it('is kept for each, until that one has ended', async () => {
    const path = progressPath(folder);
    expect((await readProgress(path)).size).toBe(0);
    await saveProgress(path, 'a', { file: 'x', bytes: 7, sinceMs: 1 });
    await saveProgress(path, 'b', { file: 'y', bytes: 8 });
    await saveProgress(path, 'b', undefined);
    expect([...(await readProgress(path))]).toEqual([['a', { file: 'x', bytes: 7, sinceMs: 1 }]]);
  });

  it('is not guessed when it is damaged', async () => {
    const path = progressPath(folder);
    for (const text of ['', '{"format": 2}', '[]']) {
      await writeFile(path, text);
      const failure = { code: 'replay_progress_unreadable' };
      await expect(readProgress(path)).rejects.toMatchObject(failure);
      expect(await readFile(path, 'utf8')).toBe(text);
    }
  });

  it('says so when it cannot be written', async () => {
    const path = join(folder, 'gone', 'replays.json');
    const failure = { code: 'replay_progress_unwritable' };
    await expect(saveProgress(path, 'a', { file: 'x', bytes: 1 })).rejects.toMatchObject(failure);
  });
});
