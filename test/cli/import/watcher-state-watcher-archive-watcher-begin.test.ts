import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readArchived } from '../../../src/cli/import/watcher-archive.ts';
import { beginByContent, beginByNumber } from '../../../src/cli/import/watcher-begin.ts';
import { readWatcherState } from '../../../src/cli/import/watcher-state.ts';
import { readAnswer } from '../../../src/core/json-bytes.ts';
import type { DuoApi } from '../../../src/duo/api.ts';
import { Taken } from '../../../src/engine/taken.ts';
import { lastAdmin, lastAuth, phoneRow, writeTree } from './watcher-place.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologsync-watcher-'));
  await writeTree(folder);
});
afterEach(() => rm(folder, { recursive: true }));

const day = 86_400_000;
const archived = (count: number, second = lastAuth) => {
  return { second, count, found: count, taken: new Taken() };
};

/** A Duo that serves these pages of telephony one after the other. */
function duoWith(pages: readonly (readonly string[])[], nowMs = lastAuth * 1000 + day) {
  const asked: Readonly<Record<string, string>>[] = [];
  const api: DuoApi = {
    nowMs: () => nowMs,
    close: async () => undefined,
    send: async ({ params }) => {
      const rows = pages[asked.length] ?? [];
      asked.push(params);
      const next = asked.length < pages.length ? `"${asked.length},x"` : 'null';
      const body = `{"stat":"OK","response":{"items":[${rows.join(',')}],"metadata":{"next_offset":${next}}}}`;
      return readAnswer(Buffer.from(body));
    },
  };
  const account = { id: undefined, name: 'main', apiHost: 'api-1.duosecurity.com' };
  const { signal } = new AbortController();
  const begin = (count: number, second?: number) =>
    beginByNumber(archived(count, second), 'telephony', account, api, signal);
  return { begin, asked };
}

describe("Duo Watcher's state and day files", () => {
  it('are read as the real one left them', async () => {
    expect(await readWatcherState(folder, 'auth', lastAuth * 1000)).toMatchObject({
      second: lastAuth,
      count: 1,
    });
    expect(await readWatcherState(folder, 'phone', lastAuth * 1000)).toBeUndefined();
    const state = { file: 'state', second: lastAdmin, count: 1 };
    const { second, count, found, taken } = await readArchived(folder, 'admin', state);
    expect({ second, count, found, ids: taken.size }).toEqual({
      second: lastAdmin,
      count: 1,
      found: 1,
      ids: 1,
    });
  });

  it('may lack the count, as those of earlier versions do: nothing of their second is archived', async () => {
    await writeFile(join(folder, 'auth', 'state'), `{"timestamp": ${lastAuth + 1}}\n`);
    const state = await readWatcherState(folder, 'auth', lastAuth * 1000);
    if (state === undefined) throw new Error('no state');
    expect(await readArchived(folder, 'auth', state)).toMatchObject({
      second: lastAuth + 1,
      count: 0,
    });
  });

  it('count by the last second that is in the files, whatever else lies there', async () => {
    for (const name of ['260101.gz', 'notes', '251231.bak'])
      await writeFile(join(folder, 'auth', name), `{"timestamp": ${lastAuth + 5}}\n`);
    await writeFile(join(folder, 'auth', '260102'), `no row\n\n[1]\n{"timestamp": "soon"}\n`);
    const state = { file: 'state', second: lastAdmin, count: 2 };
    const read = await readArchived(folder, 'auth', state);
    expect([read.second, read.count]).toEqual([lastAuth, 1]);
  });
});

describe('the begin of a feed', () => {
  it('leaves out rows by content, and says how many come again', () => {
    const whole = beginByContent(archived(2));
    expect([whole.repeats, whole.cursor.positionMs]).toEqual([0, lastAuth * 1000]);
    expect(beginByContent({ ...archived(2), found: 0 }).repeats).toBe(2);
  });

  it('is that very second when nothing of it is archived, and nothing comes again', async () => {
    const { begin } = duoWith([[phoneRow(lastAuth, 'a')]]);
    for (const { cursor, repeats, sentence } of [await begin(0), beginByContent(archived(0))]) {
      expect([repeats, cursor.taken, cursor.positionMs]).toEqual([0, '', lastAuth * 1000]);
      expect(sentence).toMatch(/^goes on at [^ ]+$/);
    }
  });

  it('leaves out rows by number over several pages, and none of the next second', async () => {
    const { begin, asked } = duoWith([
      [phoneRow(lastAuth, 'a'), phoneRow(lastAuth, 'b', '500000')],
      [phoneRow(lastAuth, 'c', '999999'), phoneRow(lastAuth + 1, 'd')],
    ]);
    const { cursor, repeats } = await begin(3);
    const taken = Taken.parse(cursor.taken);
    expect([repeats, taken.size, taken.has('c', lastAuth * 1000 + 999)]).toEqual([0, 3, true]);
    expect(asked[0]).toMatchObject({
      mintime: String(lastAuth * 1000),
      maxtime: String(lastAuth * 1000 + 1000),
    });
    expect(asked[1]).toMatchObject({ next_offset: '1,x' });
  });

  it('repeats the second when a row of it cannot be told', async () => {
    const { begin } = duoWith([['{"type":"sms"}', phoneRow(lastAuth, 'a')]]);
    const { cursor, repeats, sentence } = await begin(1);
    expect([repeats, cursor.taken, cursor.positionMs]).toEqual([1, '', lastAuth * 1000]);
    expect(sentence).toContain('AGAIN');
  });

  it('asks Duo for nothing that it no longer serves', async () => {
    const { begin, asked } = duoWith([], lastAuth * 1000 + 200 * day);
    const { cursor, sentence } = await begin(1);
    expect([asked, cursor.positionMs]).toEqual([[], lastAuth * 1000]);
    expect(sentence).toContain('180 days');
  });
});
