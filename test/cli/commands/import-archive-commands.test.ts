import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stateDirectory } from '../../../src/checkpoint/state-directory.ts';
import { acquireLock } from '../../../src/control/lock.ts';
import { startTcpReceiver, type StreamReceiver } from '../../../src/simulator/siem.ts';
import {
  authRow,
  lastAdmin,
  lastAuth,
  phoneRow,
  watcherPlace,
  writeTree,
} from '../import/watcher-place.ts';

let siem: StreamReceiver;
let place: Awaited<ReturnType<typeof watcherPlace>>;
let state: string;

beforeEach(async () => {
  siem = await startTcpReceiver();
  place = await watcherPlace([
    { id: 'siem', protocol: 'TCP', port: siem.port, endpoints: ['auth'] },
  ]);
  state = stateDirectory(place.state, place.duo.hostname);
});
afterEach(async () => {
  await Promise.all([place.close(), siem.stop()]);
});

/** What was written besides the rows of before, whose files are named by the date of the capture's time zone. */
async function added(
  watcher: string,
  before: readonly string[],
  key: string,
): Promise<readonly unknown[]> {
  const rest = [...before];
  const lines = (await place.lines(watcher)).filter((line) => {
    const at = rest.indexOf(line);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  expect(rest).toEqual([]);
  return lines.map((line) => (JSON.parse(line) as Record<string, unknown>)[key]);
}

const stored = (): Promise<string[]> => readdir(join(state, 'feeds')).catch(() => []);

describe('import duo-watcher', () => {
  it('goes on at the very next event of each log, every event once', async () => {
    const phone = `{"timestamp": ${lastAuth}, "type": "sms"}\n{"timestamp": ${lastAuth}, "type": "sms"}\n`;
    const day = new Date(lastAuth * 1000);
    const name = `${day.getFullYear() % 100}${String(day.getMonth() + 1).padStart(2, '0')}${String(day.getDate()).padStart(2, '0')}`;
    await writeTree(place.archive, {
      [`phone/${name}`]: phone,
      'phone/state': `{"timestamp": ${lastAuth}, "count": 2}\n`,
    });
    const [twin = ''] = await place.lines('admin');
    place.duo.add('auth', [
      authRow(lastAuth, 'archived', '250000'),
      authRow(lastAuth + 1, 'next', '000001'),
      authRow(lastAuth + 2, 'after'),
    ]);
    place.duo.add('telephony', [
      phoneRow(lastAuth, 'one', '100000'),
      phoneRow(lastAuth, 'two', '900000'),
      phoneRow(lastAuth + 1, 'three'),
    ]);
    // As Duo spells it, and a true twin of it that the daemon had not seen.
    const compact = JSON.stringify(JSON.parse(twin));
    place.duo.add('adminaction', [compact, compact, compact.replace('"ann"', '"bea"')]);
    const [auth, calls, admin] = await Promise.all(['auth', 'phone', 'admin'].map(place.lines));
    const { code, out } = await place.import();
    expect(code).toBe(0);
    expect(out.match(/ > archive goes on at \S+, without the \d archived there\./g)).toHaveLength(
      3,
    );
    expect(await place.forward()).toBe(0);
    expect(await added('auth', auth ?? [], 'txid')).toEqual(['next', 'after']);
    expect(await added('phone', calls ?? [], 'telephony_id')).toEqual(['three']);
    expect(await added('admin', admin ?? [], 'object')).toEqual(['ann', 'bea']);
    expect(await place.forward()).toBe(0);
    expect(await place.lines('auth')).toHaveLength(6);
    expect(await place.log()).toContain('The feed goes on where Duo Watcher stopped');
  });

  it.each([
    ['more', ['a', 'b']],
    ['fewer', []],
  ])('repeats one second and says so when Duo serves %s events of it', async (_, ids) => {
    place.duo.add('auth', [
      ...ids.map((id, at) => authRow(lastAuth, id, `${at}00000`)),
      authRow(lastAuth + 1, 'next'),
    ]);
    const before = await place.lines('auth');
    const { code, out } = await place.import();
    expect(code).toBe(0);
    expect(out).toContain(
      `1 events are archived there, Duo serves ${ids.length}, so the events of this one second come AGAIN.`,
    );
    expect(await place.forward()).toBe(0);
    expect(await added('auth', before, 'txid')).toEqual([...ids, 'next']);
  });

  it('counts what a killed daemon had appended and not noted in its state', async () => {
    await writeFile(
      join(place.archive, 'auth', 'state'),
      `{"timestamp": ${lastAdmin}, "count": 2}\n`,
    );
    const [row = ''] = await place.lines('admin');
    await writeFile(
      join(place.archive, 'admin', '251231'),
      `${row}\n${row}\n${row.replaceAll('"ann"', '"bea"')}\n`,
    );
    place.duo.add('auth', [authRow(lastAdmin + 1, 'bob'), authRow(lastAuth, 'cy')]);
    const admin = JSON.stringify(JSON.parse(row));
    place.duo.add('adminaction', [
      admin,
      admin,
      admin.replace('"ann"', '"bea"'),
      admin.replace('"ann"', '"cy"'),
    ]);
    const [auth, rows] = [await place.lines('auth'), await place.lines('admin')];
    expect((await place.import()).code).toBe(0);
    expect(await place.forward()).toBe(0);
    expect(await added('auth', auth, 'txid')).toEqual([]);
    expect(await added('admin', rows, 'object')).toEqual(['cy']);
  });

  it('repeats admin events whose day file is gone, and says how many', async () => {
    await rm(join(place.archive, 'admin', '251231'));
    const { code, out } = await place.import();
    expect(code).toBe(0);
    expect(out).toContain('1 of its 1 archived events are not in the day file and come again.');
  });

  it.each([
    ['', 'it is empty'],
    ['{"timestamp": 17672', 'it is not JSON'],
    ['[]', 'it is no JSON object'],
    ['{"count": 1}', 'its timestamp is no whole number of seconds'],
    ['{"timestamp": 1767225600000, "count": 1}', 'its timestamp is no whole number of seconds'],
    ['{"timestamp": 1767225600.5, "count": 1}', 'its timestamp is no whole number of seconds'],
    ['{"timestamp": 4102444800, "count": 1}', 'its timestamp is in the future'],
    ['{"timestamp": 1767225600, "count": -1}', 'its count is no whole number'],
    ['{"timestamp": 1767225600, "count": "1"}', 'its count is no whole number'],
  ])('refuses the state file %j and writes nothing', async (text, why) => {
    await writeFile(join(place.archive, 'admin', 'state'), text);
    const { code, err } = await place.import();
    expect(code).toBe(66);
    expect(err).toContain(`${join(place.archive, 'admin', 'state')} cannot be used: ${why}`);
    expect(await stored()).toEqual([]);
  });

  it('refuses a folder that is no archive of Duo Watcher', async () => {
    await rm(place.archive, { recursive: true });
    expect((await place.import()).err).toContain('cannot be used');
    await writeTree(place.archive);
    for (const name of ['auth', 'admin']) await rm(join(place.archive, name, 'state'));
    const { code, err } = await place.import();
    expect([code, err]).toEqual([
      66,
      expect.stringContaining('neither auth/state nor admin/state nor phone/state'),
    ]);
  });

  it('refuses a day file whose last line is torn, as the next row would be glued to it', async () => {
    const file = join(place.archive, 'auth', '260101');
    await writeFile(file, `${await readFile(file, 'utf8')}{"timestamp": 17672`);
    const { code, err } = await place.import();
    expect([code, err]).toEqual([
      66,
      expect.stringContaining(`duologsync: ${file} cannot be used: its last line is cut short.`),
    ]);
    expect(await stored()).toEqual([]);
  });

  it('begins a log without any archived event as a new one', async () => {
    await writeFile(join(place.archive, 'admin', 'state'), '{"timestamp": 0, "count": 0}\n');
    expect((await place.import()).out).toContain('admin: no event is archived');
    expect((await stored()).filter((name) => name.startsWith('adminaction'))).toEqual([]);
  });

  it('writes nothing in a dry run', async () => {
    const { code, out } = await place.import('--dry-run');
    expect([code, out]).toEqual([0, expect.stringContaining('Nothing is written')]);
    expect(await stored()).toEqual([]);
  });

  it('takes the place of a checkpoint with --force alone, and keeps it', async () => {
    expect((await place.import()).code).toBe(0);
    const before = await stored();
    const again = await place.import();
    expect([again.code, again.err]).toEqual([73, expect.stringContaining('--force')]);
    const forced = await place.import('--force');
    expect(forced.code).toBe(0);
    const kept = await readdir(join(state, 'quarantine'));
    expect(kept).toHaveLength(before.length);
    for (const name of kept) expect(forced.out).toContain(join(state, 'quarantine', name));
  });

  it('lets another server go on there when it is named', async () => {
    place.duo.add('auth', [authRow(lastAuth, 'archived'), authRow(lastAuth + 1, 'next')]);
    expect((await place.import('--to', 'archive,siem')).out).toContain('auth > siem goes on at');
    expect(await place.forward()).toBe(0);
    expect(siem.lines()).toHaveLength(1);
    const { code, err } = await place.import('--to', 'sime');
    expect([code, err]).toEqual([2, expect.stringContaining('the config has no such server')]);
  });

  it('refuses while the program runs', async () => {
    await mkdir(state, { recursive: true });
    const lock = await acquireLock({ stateDirectory: state, describe: () => ({ pid: 4711 }) });
    try {
      const { code, err } = await place.import();
      expect([code, err]).toEqual([75, expect.stringContaining('pid 4711')]);
    } finally {
      await lock.release();
    }
    expect(await stored()).toEqual([]);
  });

  it('writes nothing while Duo does not answer', async () => {
    await place.duo.stop();
    expect((await place.import()).code).not.toBe(0);
    expect(await stored()).toEqual([]);
  });
});
