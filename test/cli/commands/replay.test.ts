import { appendFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/commands/run.ts';
import { type DuoSimulator, startDuo } from '../../../src/simulator/duo-server.ts';
import { makeEvents, serialIn } from '../../../src/simulator/history.ts';
import { startTcpReceiver, type StreamReceiver } from '../../../src/simulator/siem.ts';
import { makeWorkplace, type Workplace } from '../../helpers/program.ts';
import { fakeIo } from '../fake-io.ts';
import { writeTree } from '../import/watcher-place.ts';
import { duologsync } from './running.ts';

let duo: DuoSimulator;
let [json, cef, live]: StreamReceiver[] = [];
let archive: string;
let workplace: Workplace;
const fromMs = Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth(), 1) - 10_000;

beforeEach(async () => {
  duo = await startDuo({ visibleDelayMs: 0 });
  [json, cef, live] = await Promise.all([
    startTcpReceiver(),
    startTcpReceiver(),
    startTcpReceiver(),
  ]);
  archive = await mkdtemp(join(tmpdir(), 'duologsync-replay-'));
  const endpoints = ['auth', 'adminaction'];
  const tcp = { protocol: 'TCP', endpoints: ['activity'] } as const;
  workplace = await makeWorkplace(duo, [
    { id: 'archive', protocol: 'FILE', directory: archive, endpoints, more: 'offset: 60' },
    { id: 'json', ...tcp, port: json.port },
    { id: 'cef', ...tcp, port: cef.port, format: 'CEF' },
    { ...tcp, id: 'live', port: live.port, format: 'CEF', endpoints, more: 'offset: 60' },
  ]);
});
afterEach(async () => {
  await Promise.all([duo.close(), workplace.remove()]);
  for (const receiver of [json, cef, live]) await receiver?.stop();
  await rm(archive, { recursive: true });
});

const textsOf = (receiver: StreamReceiver | undefined): string[] =>
  (receiver?.lines() ?? []).map((line) => line.toString());
const replay = (...argv: readonly string[]) =>
  duologsync(['replay', '-c', workplace.configFile, ...argv]);
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Twenty events of two logs, archived by the program itself, a few on the day before. */
async function fill(): Promise<string[]> {
  duo.add('auth', makeEvents('auth', { count: 20, fromMs, stepMs: 1000 }));
  duo.add('adminaction', makeEvents('adminaction', { count: 20, fromMs, letter: 'v' }));
  const options = { once: true, interval: 1, rate: 6000 };
  expect(await run(workplace.configFile, options, fakeIo())).toBe(0);
  const files = ['auth', 'adminaction'].flatMap((name) =>
    [fromMs, fromMs + 20_000].map((ms) => join(archive, name, `${day(ms)}.log`)),
  );
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return texts.flatMap((text) => text.split('\n').slice(0, -1));
}

describe('replay', () => {
  it('sends the archive to a JSON server as it is, in order, and only on request', async () => {
    const lines = await fill();
    const dry = await replay('--from', archive, '--to', 'json', '--dry-run');
    expect([dry.code, dry.out]).toEqual([0, '40 would be sent to json\n']);
    expect(textsOf(json)).toEqual([]);
    const { code, out } = await replay('--from', archive, '--to', 'json');
    expect([code, out]).toEqual([0, '40 sent and confirmed by json\n']);
    expect(textsOf(json)).toEqual(lines);
  });

  it('sends it to a CEF server as the program itself would have done', async () => {
    await fill();
    expect((await replay('--from', archive, '--to', 'cef')).code).toBe(0);
    const bare = (line: string): string => line.slice(line.indexOf('CEF:'));
    expect(textsOf(cef).map(bare).sort()).toEqual(textsOf(live).map(bare).sort());
    expect(textsOf(cef)).toHaveLength(40);
  });

  it('sends one log, or one stretch of time, to its millisecond', async () => {
    await fill();
    const midnight = new Date(fromMs + 10_000).toISOString();
    const since = ['--since', midnight, '--endpoint', 'auth'];
    await replay('--from', archive, '--to', 'json', ...since);
    const serials = textsOf(json).map((line) => serialIn(line));
    expect(serials).toEqual(
      Array.from({ length: 10 }, (_, at) => `u${String(at + 11).padStart(8, '0')}`),
    );
    const until = ['--until', midnight, '--endpoint', 'auth'];
    expect((await replay('--from', archive, '--to', 'json', ...until)).out).toContain('10 sent');
  });

  it('goes on where it was broken off, and begins anew when it had ended', async () => {
    const count = 2500;
    // Reads nothing more as soon as the second thousand begins.
    let hangs = true;
    const siem = await startTcpReceiver({
      onLine: () => {
        if (hangs && siem.received >= 1000) siem.pause();
      },
    });
    try {
      const text = await readFile(workplace.configFile, 'utf8');
      const port = new RegExp(`port: ${json?.port ?? 0}\\b`);
      await writeFile(workplace.configFile, text.replace(port, `port: ${siem.port}`));
      const file = join(archive, 'auth', '2026-01-01.log');
      const rows = Array.from({ length: count }, (_, n) => `{"txid": "t${n}"}\n`);
      await mkdir(join(archive, 'auth'), { recursive: true });
      await writeFile(file, rows.join(''));
      const argv = ['--from', file, '--to', 'json'];
      const first = await replay(...argv, '--give-up', '1');
      expect([first.code, first.out]).toEqual([75, '1000 sent and confirmed by json\n']);
      hangs = false;
      siem.resume();
      const second = await replay(...argv);
      expect([second.code, second.out]).toEqual([
        0,
        'It goes on where the same command was broken off; --restart begins anew.\n1500 sent and confirmed by json\n',
      ]);
      const times = new Map<string, number>();
      for (const line of textsOf(siem)) {
        const [id = ''] = /t\d+/.exec(line) ?? [];
        times.set(id, (times.get(id) ?? 0) + 1);
      }
      expect(times.size).toBe(count);
      expect([0, 999, 2499].map((n) => times.get(`t${n}`))).toEqual([1, 1, 1]);
      expect((await replay(...argv)).out).toBe(`${count} sent and confirmed by json\n`);
    } finally {
      await siem.stop();
    }
  });

  it("takes Duo Watcher's tree by its folders, and one file by --endpoint", async () => {
    const tree = join(workplace.folder, 'tree');
    await writeTree(tree);
    const { code, out } = await replay('--from', tree, '--to', 'json');
    expect([code, out]).toEqual([0, '5 sent and confirmed by json\n']);
    expect(textsOf(json)[0]).toContain('"username": "ann"');
    const file = join(workplace.folder, 'saved');
    await writeFile(file, '{"txid": "a", "timestamp": 1}\n');
    const unnamed = await replay('--from', file, '--to', 'json');
    expect([unnamed.code, unnamed.err]).toEqual([2, expect.stringContaining('add --endpoint')]);
    expect((await replay('--from', file, '--to', 'json', '--endpoint', 'auth')).code).toBe(0);
  });

  it('refuses an archive in another format before anything is sent', async () => {
    await fill();
    await writeFile(join(archive, 'auth', '2026-01-03.log'), 'Jan 1 00:00:00 host CEF:0|Duo|\n');
    const { code, err } = await replay('--from', archive, '--to', 'json');
    expect([code, err]).toEqual([
      66,
      expect.stringContaining('only an archive in JSON can be replayed'),
    ]);
    expect(textsOf(json)).toEqual([]);
  });

  it('leaves damaged lines and one that is being written, and says so', async () => {
    await fill();
    const file = join(archive, 'auth', `${day(fromMs)}.log`);
    await appendFile(file, '{"txid": "to\n{"txid": "hal');
    const { code, out } = await replay('--from', file, '--to', 'json');
    expect(code).toBe(1);
    expect(out).toContain('10 sent and confirmed by json');
    expect(out).toContain('1 left, the line in the archive is damaged');
    expect(out).toContain('1 left, the last line of a file is not whole');
  });

  it.each([
    [['--to', 'jsno'], "Did you mean 'json'?"],
    [['--to', 'archive'], 'only the program itself writes an archive'],
    [['--to', 'json', '--endpoint', 'admin'], 'there is no such log'],
    [['--to', 'json', '--since', 'soon'], '--since soon is no time'],
    [['--to', 'json', '--since', '1h', '--until', '2h'], '--until is not later than --since'],
  ])('tells wrong use: %j', async (argv, why) => {
    const { code, err } = await replay('--from', archive, ...argv);
    expect([code, err]).toEqual([2, expect.stringContaining(why)]);
  });

  it.skipIf(process.platform === 'win32')('says which links it did not follow', async () => {
    const elsewhere = join(workplace.folder, 'elsewhere');
    await mkdir(elsewhere);
    await symlink(elsewhere, join(archive, 'auth'));
    const only = await replay('--from', archive, '--to', 'json');
    expect([only.code, only.err]).toEqual([2, expect.stringContaining('is not followed')]);
    await mkdir(join(archive, 'adminaction'));
    await writeFile(join(archive, 'adminaction', '2026-01-01.log'), '{"timestamp": 1}\n');
    const { code, out } = await replay('--from', archive, '--to', 'json');
    expect([code, out]).toEqual([0, expect.stringContaining('Links were not followed, such as')]);
  });

  it('says when there is no such folder, or nothing in it', async () => {
    const gone = await replay('--from', join(archive, 'gone'), '--to', 'json');
    expect([gone.code, gone.err]).toEqual([66, expect.stringContaining('cannot be read')]);
    const empty = await replay('--from', archive, '--to', 'json');
    expect([empty.code, empty.err]).toEqual([2, expect.stringContaining('no file of an archive')]);
  });
});
