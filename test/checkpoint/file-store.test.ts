import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint, FeedIdentity } from '../../src/checkpoint/checkpoint.ts';
import { openFileStore, type FileStore } from '../../src/checkpoint/file-store.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Fields } from '../../src/core/log.ts';
import { silentLogger } from '../../src/core/log.ts';
import { brokenFileSystem, dyingFileSystem } from '../core/broken-file-system.ts';

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
      fullest: 1,
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

describe('the first start', () => {
  it('of an account and endpoint is over once any of its feeds has a record, even a damaged one', async () => {
    const store = open(['siem', 'other']);
    expect(await store.hasAny(undefined, 'auth')).toBe(false);
    await store.save(feed('siem', 'auth'), at(1));
    await store.save(feed('siem', 'activity', 'DA1'), at(1));
    expect(await store.hasAny('DA1', 'activity')).toBe(true);
    const found = async (account: string | undefined, endpoint: string): Promise<boolean> =>
      open().hasAny(account, endpoint);
    expect(await found(undefined, 'auth')).toBe(true);
    expect(await found('DA1', 'auth')).toBe(false);
    expect(await found('DA1', 'activity')).toBe(true);
    expect(await found('da1', 'activity')).toBe(false);
    expect(await found(undefined, 'activity')).toBe(false);
    const feeds = join(directory, 'feeds');
    for (const name of await readdir(feeds)) await writeFile(join(feeds, name), 'garbage');
    expect(await found(undefined, 'auth')).toBe(true);
  });
});

describe('a server that was renamed in the config', () => {
  it('goes on from the checkpoint of its old id, and the log says so', async () => {
    await open(['old']).save(feed('old'), at(7));
    expect(await open(['new']).load(feed('new'))).toEqual(at(7));
    expect(logged[0]?.fields).toMatchObject({ old_id: 'old', new_id: 'new', endpoint: 'auth' });
    logged = [];
    expect(await open(['new']).load(feed('new'))).toEqual(at(7));
    expect(logged).toEqual([]);
    expect(await open(['old']).load(feed('old'))).toEqual(at(7));
  });

  it('takes the youngest of several old ids, not by the clock', async () => {
    const first = open(['one']);
    await first.save(feed('one'), at(100));
    const second = open(['two']);
    await second.load(feed('two'));
    await second.save(feed('two'), at(200));
    expect(await open(['three']).load(feed('three'))).toEqual(at(200));
  });

  it.each([
    ['the old id is still configured', ['old', 'new'], feed('new')],
    ['the endpoint is another', ['new'], feed('new', 'activity')],
    ['the account is another', ['new'], feed('new', 'auth', 'DA1')],
    [
      'the address is another',
      ['new'],
      { ...feed('new'), server: { ...feed('new').server, port: 515 } },
    ],
  ])('begins anew when %s', async (_name, configured, identity) => {
    await open(['old']).save(feed('old'), at(7));
    expect(await open(configured).load(identity)).toBeUndefined();
  });

  it('keeps its checkpoint when it moves to another address under its id', async () => {
    await open().save(feed(), at(7));
    const moved = { ...feed(), server: { ...feed().server, hostname: 'new.example' } };
    expect(await open().load(moved)).toEqual(at(7));
  });
});

describe('a checkpoint of a newer version', () => {
  it('parks the feed and is not touched, not even by a save', async () => {
    await open().save(feed(), at(1));
    const path = await recordPath();
    const { sha256: _hash, ...body } = JSON.parse(await readFile(path, 'utf8')) as {
      sha256: string;
    };
    const newer = { ...body, format: 2, cursor: 'of a new kind' };
    const sha256 = createHash('sha256').update(JSON.stringify(newer)).digest('hex');
    const text = JSON.stringify({ ...newer, sha256 });
    await writeFile(path, text);
    await expect(open().load(feed())).rejects.toMatchObject({
      code: 'checkpoint_newer',
      remedy: 'park',
    });
    await expect(open().save(feed(), at(2))).rejects.toMatchObject({ code: 'checkpoint_newer' });
    expect(await readFile(path, 'utf8')).toBe(text);
    await rename(path, `${path}.prev`);
    await writeFile(path, 'damaged');
    await expect(open().load(feed())).rejects.toMatchObject({ code: 'checkpoint_newer' });
    expect(await readFile(path, 'utf8')).toBe('damaged');
  });
});

describe('a record', () => {
  it('of another feed that was copied here is not believed', async () => {
    await open().save(feed('siem', 'auth'), at(1));
    const auth = await recordPath();
    await open().save(feed('siem', 'telephony'), at(2));
    const names = await readdir(join(directory, 'feeds'));
    const telephony = names.find((name) => name.startsWith('telephony')) ?? '';
    await copyFile(join(directory, 'feeds', telephony), auth);
    await expect(open().load(feed('siem', 'auth'))).rejects.toThrow(/belongs to another feed/);
  });

  it('whose date is in the future is believed: no local clock judges it', async () => {
    const clock = { ...systemClock, nowMs: () => 8e14 };
    const store = openFileStore({ directory, configuredServerIds: ['siem'], clock, log });
    await store.save(feed(), at(7e14));
    expect(await open().load(feed())).toEqual(at(7e14));
  });

  it('with any byte changed or cut off is the same, or replaced by the one before; never nothing', async () => {
    await open().save(feed(), { ...at(1), mark: { a: ['é', 1.5, null] } });
    await open().save(feed(), { ...at(2), mark: { a: ['é', 1.5, null] } });
    const path = await recordPath();
    const whole = await readFile(path);
    const damage = fc.oneof(
      fc.record({ at: fc.nat(whole.length - 1), bits: fc.integer({ min: 1, max: 255 }) }),
      fc.record({ cut: fc.nat(whole.length - 1) }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        const bytes = Buffer.from(whole);
        if ('cut' in how) await writeFile(path, bytes.subarray(0, how.cut));
        else {
          bytes[how.at] = (bytes[how.at] ?? 0) ^ how.bits;
          await writeFile(path, bytes);
        }
        const loaded = await open().load(feed());
        expect([1, 2]).toContain(loaded?.cursor.positionMs);
        expect(loaded?.mark).toEqual({ a: ['é', 1.5, null] });
      }),
      { numRuns: 200 },
    );
  });
});

describe('a crash', () => {
  it('at any call of a save leaves the old or the new checkpoint for the next process', async () => {
    await open().save(feed(), at(1));
    let last = 1;
    let died = true;
    for (let call = 0; died; call += 1) {
      const fs = dyingFileSystem(call);
      const store = openFileStore({
        directory,
        configuredServerIds: ['siem'],
        clock: systemClock,
        log,
        fs,
      });
      await store.save(feed(), at(last + 1)).catch(() => undefined);
      died = fs.dead();
      const fresh = open();
      await fresh.tidy();
      const position = (await fresh.load(feed()))?.cursor.positionMs ?? 0;
      expect([last, last + 1]).toContain(position);
      last = position;
    }
    const names = await readdir(join(directory, 'feeds'));
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('at any call while a damaged record is replaced never ends in a start from nothing', async () => {
    for (let call = 0, died = true; died; call += 1) {
      await rm(join(directory, 'feeds'), { recursive: true, force: true });
      await open().save(feed(), at(1));
      await open().save(feed(), at(2));
      await writeFile(await recordPath(), 'damaged');
      const fs = dyingFileSystem(call);
      const options = { directory, configuredServerIds: ['siem'], clock: systemClock, log, fs };
      const store = openFileStore(options);
      await store
        .load(feed())
        .then(() => store.save(feed(), at(3)))
        .catch(() => undefined);
      died = fs.dead();
      expect([1, 3]).toContain((await open().load(feed()))?.cursor.positionMs);
    }
  });
});

describe('a disk that fails', () => {
  it.each(['ENOSPC', 'EROFS', 'EIO'])(
    'with %s makes a save fail to be tried again, the old one stays',
    async (code) => {
      await open().save(feed(), at(1));
      let broken = true;
      const fs = brokenFileSystem((call) => (broken && call === 'write' ? code : undefined));
      const options = { directory, configuredServerIds: ['siem'], clock: systemClock, log, fs };
      const store = openFileStore(options);
      await expect(store.save(feed(), at(2))).rejects.toMatchObject({
        code: 'checkpoint_write_failed',
        remedy: 'retry',
      });
      expect(await open().load(feed())).toEqual(at(1));
      broken = false;
      await store.save(feed(), at(3));
      expect(await open().load(feed())).toEqual(at(3));
    },
  );

  it('that cannot be read for a moment is asked again and nothing is set aside', async () => {
    await open().save(feed(), at(1));
    const fs = brokenFileSystem((call) => (call === 'readFile' ? 'EMFILE' : undefined));
    const options = { directory, configuredServerIds: ['siem'], clock: systemClock, log, fs };
    await expect(openFileStore(options).load(feed())).rejects.toMatchObject({
      code: 'checkpoint_read_failed',
      remedy: 'retry',
    });
    expect(await readdir(directory)).toEqual(['feeds']);
  });

  it('does not lose the folder of the feeds for good', async () => {
    const store = open();
    await store.save(feed(), at(1));
    await rm(join(directory, 'feeds'), { recursive: true });
    await store.save(feed(), at(2));
    expect(await open().load(feed())).toEqual(at(2));
  });
});
