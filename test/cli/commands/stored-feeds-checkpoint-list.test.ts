import { readdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { duologsync } from './running.ts';
import { nowMs, hour, at, storedFeeds } from './stored-feeds.ts';

type Place = Awaited<ReturnType<typeof storedFeeds>>;
let place: Place;
let workplace: Place['workplace'];
let save: Place['save'];
let file: Place['file'];
let on: Place['on'];
let list: Place['list'];

beforeEach(async () => {
  place = await storedFeeds();
  ({ workplace, save, file, on, list } = place);
});
afterEach(() => place.remove());

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
