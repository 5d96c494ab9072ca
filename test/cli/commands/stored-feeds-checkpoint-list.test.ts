import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileStore } from '../../../src/checkpoint/file-store.ts';
import { stateDirectory } from '../../../src/checkpoint/state-directory.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { silentLogger } from '../../../src/core/log.ts';
import { begin } from '../../../src/engine/window.ts';
import { type DuoSimulator, startDuo } from '../../../src/simulator/duo-server.ts';
import { startTcpReceiver, type StreamReceiver } from '../../../src/simulator/siem.ts';
import { makeWorkplace, type Workplace } from '../../helpers/program.ts';
import { duologsync } from './running.ts';

let duo: DuoSimulator;
let siem: StreamReceiver;
let workplace: Workplace;
let state: string;

beforeEach(async () => {
  duo = await startDuo({ visibleDelayMs: 0 });
  siem = await startTcpReceiver();
  const server = { id: 'siem', protocol: 'TCP', port: siem.port, endpoints: ['auth'] } as const;
  workplace = await makeWorkplace(duo, [server]);
  state = stateDirectory(workplace.state, duo.hostname);
});
afterEach(async () => {
  await Promise.all([duo.close(), siem.stop()]);
  await workplace.remove();
});

const nowMs = Date.now();
const hour = 3_600_000;
const at = (hoursAgo: number): string => new Date(nowMs - hoursAgo * hour).toISOString();

async function save(endpoint: string, positionMs: number, accountId?: string): Promise<void> {
  const store = openFileStore({
    directory: state,
    configuredServerIds: ['siem'],
    clock: systemClock,
    log: silentLogger,
  });
  const server = { id: 'siem', protocol: 'TCP', hostname: 'localhost', port: siem.port };
  await store.save({ accountId, endpoint, server }, { cursor: begin(positionMs) });
}

const file = async (part: string): Promise<string> => {
  const found = (await readdir(join(state, 'feeds'))).find(
    (name) => name.startsWith(part) && name.endsWith('.json'),
  );
  return join(state, 'feeds', found ?? '');
};

const on = (...argv: string[]) => duologsync(['checkpoint', ...argv, '-c', workplace.configFile]);
const list = async () => (await on('list')).out;

describe('checkpoint list', () => {
  it('shows every feed with its position, its age and its file', async () => {
    await save('auth', nowMs - 2 * hour);
    await save('auth', nowMs - 30 * hour, 'DA7XXX');
    const { code, out, err } = await on('list');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [head, ...rows] = out.trimEnd().split('\n');
    expect(head?.split(/ {2,}/)).toEqual(['FEED', 'POSITION', 'AGE', 'SAVED', 'FILE']);
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual(
      [
        ['auth > siem', at(2), '2 h', '0 s ago', await file('auth+siem')],
        ['auth DA7XXX > siem', at(30), '1 d 6 h', '0 s ago', await file('auth+%44%41')],
      ].sort((a, b) => String(a[4]).localeCompare(String(b[4]))),
    );
    expect((await duologsync(['checkpoint', 'list', workplace.configFile])).out).toBe(out);
  });

  it('says when one cannot be read, and what is used instead', async () => {
    await save('auth', nowMs - 2 * hour);
    await save('auth', nowMs - 1 * hour);
    await writeFile(await file('auth'), '{"half":');
    const { code, out, err } = await on('list');
    expect(code).toBe(1);
    expect(out).toContain(at(2));
    expect(err).toContain('cannot be read (it is not JSON), its .prev is used');
    await writeFile(`${await file('auth')}.prev`, '');
    expect((await on('list')).out).toContain('unreadable');
  });

  it('says so when there is none, and makes nothing', async () => {
    expect(await list()).toContain('There are no checkpoints yet');
    await expect(readdir(workplace.state)).rejects.toThrow();
  });

  it('prints the same for machines', async () => {
    await save('auth', nowMs - 2 * hour);
    expect(JSON.parse((await on('list', '--json')).out)).toEqual({
      schema_version: 1,
      checkpoints: [expect.objectContaining({ feed: 'auth > siem', position: at(2), wrong: null })],
    });
  });
});

describe('checkpoint show', () => {
  it('prints the whole record with times that can be read', async () => {
    await save('auth', nowMs - 2 * hour);
    const { code, out } = await on('show', 'AUTH>siem');
    expect(code).toBe(0);
    expect(out).toContain(`file: ${await file('auth')}\n`);
    expect(out).toContain(`cursor.positionMs: ${nowMs - 2 * hour} (${at(2)})\n`);
    expect(out).toContain('cursor.taken: 0 ids\n');
    expect(out).toContain('identity.server.id: siem\n');
    expect(JSON.parse((await on('show', 'auth > siem', '--json')).out)).toMatchObject({
      record: { cursor: { positionMs: nowMs - 2 * hour }, sequence: 1 },
    });
  });

  it('knows which there are', async () => {
    await save('auth', nowMs);
    expect(await on('show', 'auht')).toEqual({
      code: 2,
      out: '',
      err: "duologsync: there is no checkpoint of a feed 'auht'\n  There are 'auth > siem'\n",
    });
  });
});
