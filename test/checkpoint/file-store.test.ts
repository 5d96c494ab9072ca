import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint, FeedIdentity } from '../../src/checkpoint/checkpoint.ts';
import { openFileStore, type FileStore } from '../../src/checkpoint/file-store.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Fields } from '../../src/core/log.ts';
import { silentLogger } from '../../src/core/log.ts';

let directory: string;
let logged: { sentence: string; fields: Fields | undefined }[];
const note = (sentence: string, fields?: Fields): void => void logged.push({ sentence, fields });
const log = { ...silentLogger, info: note, warn: note };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'file-store-'));
  logged = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function open(configuredServerIds: readonly string[] = ['siem']): FileStore {
  return openFileStore({ directory, configuredServerIds, clock: systemClock, log });
}

function feed(id = 'siem', endpoint = 'auth', accountId?: string): FeedIdentity {
  return {
    accountId,
    endpoint,
    server: { id, protocol: 'TCP', hostname: 'siem.example', port: 514 },
  };
}

function at(positionMs: number): Checkpoint {
  return {
    cursor: {
      positionMs,
      readToMs: positionMs,
      rereadAtMs: 0,
      idsSinceMs: 0,
      taken: '',
      fullest: 0,
    },
  };
}

async function recordPath(): Promise<string> {
  const [name] = (await readdir(join(directory, 'feeds'))).filter((n) => n.endsWith('.json'));
  if (name === undefined) throw new Error('no record');
  return join(directory, 'feeds', name);
}

describe('the file store', () => {
  it('gives back what was saved, to this and to the next process', async () => {
    const store = open();
    expect(await store.load(feed())).toBeUndefined();
    const checkpoint: Checkpoint = {
      cursor: {
        ...at(5).cursor,
        positionId: 'é\n"',
        window: { mintimeMs: 1, endMs: 2, offset: '3,x', nowMs: 4, fromMs: 5, restarted: true },
      },
      mark: { page: 7, files: ['a', null] },
    };
    await store.save(feed(), checkpoint);
    expect(await store.load(feed())).toEqual(checkpoint);
    expect(await open().load(feed())).toEqual(checkpoint);
  });

  it('keeps feeds apart: accounts, endpoints, servers', async () => {
    const store = open(['siem', 'other']);
    const feeds = [
      feed(),
      feed('other'),
      feed('siem', 'activity'),
      feed('siem', 'auth', 'DA1'),
      feed('siem', 'auth', 'da1'),
    ];
    await Promise.all(feeds.map((identity, number) => store.save(identity, at(number))));
    const loaded = await Promise.all(
      feeds.map((identity) => open(['siem', 'other']).load(identity)),
    );
    expect(loaded.map((checkpoint) => checkpoint?.cursor.positionMs)).toEqual([0, 1, 2, 3, 4]);
    expect(await store.list()).toHaveLength(5);
  });

  it('saves of one feed happen one after the other, the last call wins', async () => {
    const store = open();
    await Promise.all(Array.from({ length: 20 }, (_, number) => store.save(feed(), at(number))));
    expect((await store.load(feed()))?.cursor.positionMs).toBe(19);
    expect(await readdir(join(directory, 'feeds'))).toHaveLength(2);
  });

  it('uses the previous generation when the newest is damaged, says so, and deletes nothing', async () => {
    await open().save(feed(), at(1));
    await open().save(feed(), at(2));
    await writeFile(await recordPath(), 'garbage');
    expect((await open().load(feed()))?.cursor.positionMs).toBe(1);
    expect(logged[0]?.sentence).toMatch(/cannot be read/);
    const [aside = ''] = await readdir(join(directory, 'quarantine'));
    expect(await readFile(join(directory, 'quarantine', aside), 'utf8')).toBe('garbage');
    expect((await open().load(feed()))?.cursor.positionMs).toBe(1);
  });

  it('parks, again and again, when no generation can be read, and touches nothing', async () => {
    await open().save(feed(), at(1));
    await writeFile(await recordPath(), '');
    for (const store of [open(), open()]) {
      await expect(store.load(feed())).rejects.toMatchObject({
        code: 'checkpoint_unreadable',
        remedy: 'park',
      });
    }
    expect(await readFile(await recordPath(), 'utf8')).toBe('');
    await expect(open().save(feed(), at(9))).rejects.toMatchObject({
      code: 'checkpoint_unreadable',
    });
  });
});
