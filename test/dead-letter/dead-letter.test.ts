import {
  appendFile,
  chmod,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import type { DeadLetter, FeedGap, JsonObject } from '../../src/core/types.ts';
import {
  type DeadLetterOptions,
  type LetterFile,
  openDeadLetters,
} from '../../src/dead-letter/dead-letter.ts';

import { decodeLetter, letterId, type StoredLetter } from '../../src/dead-letter/letter.ts';
import { resentPath, saveResent } from '../../src/dead-letter/resent.ts';
import { recordingLog } from '../engine/parts.ts';

const never = new AbortController().signal;

function letter(more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    feedId: 'feed',
    account: { id: undefined, name: 'main', apiHost: 'duo.test' },
    endpoint: 'auth',
    serverId: 'siem',
    eventId: 'event',
    timeMs: 0,
    reason: 'oversize',
    detail: 'too long',
    line: Buffer.from('{"a":"ü"}'),
    row: Buffer.from('{ "a":"ü" }'),
    ...more,
  };
}

describe('the dead letters', () => {
  let directory = '';
  let gaps: FeedGap[] = [];
  beforeEach(async () => {
    gaps = [];
    directory = await mkdtemp(join(tmpdir(), 'dead-letter-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });
  const openHere = (more: Partial<DeadLetterOptions> = {}) =>
    openDeadLetters({
      directory,
      maxBytes: 2 ** 20,
      whenFull: 'stop',
      gaps: { add: async (lost) => void gaps.push(...lost) },
      clock: systemClock,
      log: silentLogger,
      ...more,
    });
  const sendAgain = async (...ids: string[]): Promise<void> => {
    const stored = await letters();
    const sent = stored.filter(({ eventId }) => ids.includes(eventId)).map(({ id }) => id);
    await saveResent(resentPath(directory), { letters: new Set(sent), files: new Map() });
  };
  const letters = async (): Promise<StoredLetter[]> => {
    const lines = (await readFile(join(directory, 'dead-letters.jsonl'), 'utf8')).split('\n');
    return lines.flatMap((line) => decodeLetter(Buffer.from(line)) ?? []);
  };
  const events = async (): Promise<string[]> => (await letters()).map(({ eventId }) => eventId);
  const records = async (): Promise<JsonObject[]> =>
    (await readFile(join(directory, 'dead-letters.jsonl'), 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as JsonObject);

  it('are JSON lines that say which event, feed, server and why', async () => {
    const store = await openHere({ clock: { ...systemClock, nowMs: () => 1_700_000_000_000 } });
    await store.add(letter(), never);
    await store.close();
    expect(await records()).toEqual([
      {
        at: '2023-11-14T22:13:20.000Z',
        feed: 'feed',
        account: { name: 'main', host: 'duo.test' },
        endpoint: 'auth',
        server: 'siem',
        event: 'event',
        time: '1970-01-01T00:00:00.000Z',
        reason: 'oversize',
        detail: 'too long',
        text: '{"a":"ü"}',
        row: '{ "a":"ü" }',
      },
    ]);
  });

  it('can be read by their owner only', async () => {
    const path = join(directory, 'dead-letters.jsonl');
    await writeFile(path, '');
    await chmod(path, 0o644);
    const store = await openHere();
    await store.close();
    // Windows has no such bits: there the folder's own rights count.
    const expected = process.platform === 'win32' ? 0o666 : 0o600;
    expect((await stat(path)).mode & 0o777).toBe(expected);
  });

  it('are counted for each feed, those of earlier runs included', async () => {
    const first = await openHere();
    await Promise.all([
      first.add(letter({ feedId: 'a' }), never),
      first.add(letter({ feedId: 'b' }), never),
      first.add(letter({ feedId: 'a' }), never),
    ]);
    await first.close();
    const second = await openHere();
    await second.add(letter({ feedId: 'b' }), never);
    expect(second.counts()).toEqual(
      new Map([
        ['a', 2],
        ['b', 2],
      ]),
    );
    await second.close();
    expect(await records()).toHaveLength(4);
  });

  it('lose only the torn last line of a crash, and the next one is whole', async () => {
    const first = await openHere();
    await first.add(letter({ eventId: 'one' }), never);
    await first.close();
    await appendFile(join(directory, 'dead-letters.jsonl'), `{"at":"2026-${'x'.repeat(5_000)}`);
    const second = await openHere();
    await second.add(letter({ eventId: 'two' }), never);
    await second.close();
    expect((await records()).map(({ event }) => event)).toEqual(['one', 'two']);
    expect(await readFile(second.path, 'utf8')).toMatch(/\}\n$/);
  });

  it('are bounded: a letter that does not fit is refused, to be tried again, and leaves no trace', async () => {
    const store = await openHere({ maxBytes: 500 });
    await store.add(letter(), never);
    await expect(store.add(letter({ line: Buffer.alloc(500) }), never)).rejects.toMatchObject({
      code: 'dead_letter_full',
      remedy: 'retry',
    });
    expect(store.counts().get('feed')).toBe(1);
    await store.close();
    expect(await records()).toHaveLength(1);
  });

  it('say that the disk is full, and go on when there is room again', async () => {
    let isFull = true;
    const { open } = await import('node:fs/promises');
    const openFile = async (path: string): Promise<LetterFile> => {
      const file = await open(path, 'w+');
      const write = (async (bytes: Buffer, offset: number, length: number, position: number) => {
        // A full disk takes a part of the line first.
        const some = isFull ? Math.min(length, 10) : length;
        if (isFull && offset > 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        return file.write(bytes, offset, some, position);
      }) as LetterFile['write'];
      return {
        write,
        truncate: (n) => file.truncate(n),
        sync: () => file.sync(),
        close: () => file.close(),
      };
    };
    const store = await openHere({ openFile });
    await expect(store.add(letter(), never)).rejects.toMatchObject({ code: 'dead_letter_full' });
    expect((await stat(store.path)).size).toBe(0);
    isFull = false;
    await store.add(letter(), never);
    await store.close();
    expect(await records()).toHaveLength(1);
  });

  it('count as kept only when the disk has them', async () => {
    const { open } = await import('node:fs/promises');
    const steps: string[] = [];
    const openFile = async (path: string): Promise<LetterFile> => {
      const file = await open(path, 'w+');
      const sync = async (): Promise<void> => {
        await file.sync();
        steps.push('synced');
      };
      return {
        write: file.write.bind(file),
        truncate: (n) => file.truncate(n),
        sync,
        close: () => file.close(),
      };
    };
    const store = await openHere({ openFile });
    await store.add(letter(), never);
    steps.push('resolved');
    await store.close();
    expect(steps).toEqual(['synced', 'resolved']);
  });

  it('that can not be opened end the start with the path and a remedy', async () => {
    await writeFile(join(directory, 'file'), '');
    await expect(openHere({ directory: join(directory, 'file', 'below') })).rejects.toMatchObject({
      code: 'dead_letter_unusable',
      remedy: 'stop',
    });
  });

  it('take nothing from a feed that has left', async () => {
    const store = await openHere();
    const reason = new Error('left');
    await expect(store.add(letter(), AbortSignal.abort(reason))).rejects.toBe(reason);
    await store.close();
    expect(await records()).toEqual([]);
  });

  it('that were sent again are gone with the next start, the others stay as they were', async () => {
    const first = await openHere();
    for (const eventId of ['a', 'b', 'c']) await first.add(letter({ eventId }), never);
    await first.close();
    await sendAgain('a', 'c');
    const [, kept] = (await readFile(first.path, 'utf8')).split('\n');
    const second = await openHere();
    expect(second.counts()).toEqual(new Map([['feed', 1]]));
    await second.add(letter({ eventId: 'd' }), never);
    await second.close();
    expect(await events()).toEqual(['b', 'd']);
    expect((await readFile(first.path, 'utf8')).split('\n')[0]).toBe(kept);
  });

  it('take more as soon as some were sent again, without a restart', async () => {
    const { log, said } = recordingLog();
    const store = await openHere({ maxBytes: 1000, log });
    for (const eventId of ['a', 'b', 'c']) await store.add(letter({ eventId }), never);
    const d = letter({ eventId: 'd' });
    for (let tries = 0; tries < 3; tries += 1) {
      await expect(store.add(d, never)).rejects.toMatchObject({
        code: 'dead_letter_full',
        remedy: 'retry',
        hint: expect.stringContaining('dead-letter resend') as string,
      });
    }
    await sendAgain('b');
    await store.add(d, never);
    await store.close();
    expect(await events()).toEqual(['a', 'c', 'd']);
    const told = said.map(({ level, sentence }) => `${level} ${sentence}`).slice(1);
    expect(told).toEqual([
      'error There is no room for dead letters; who has one waits',
      'info There is room for dead letters again',
    ]);
    expect(gaps).toEqual([]);
  });

  it('drop their oldest when told so, and each feed has a gap with its times and its number', async () => {
    const store = await openHere({ maxBytes: 3000, whenFull: 'drop_oldest' });
    for (let n = 0; n < 12; n += 1) {
      const feedId = n % 3 === 0 ? 'a' : 'b';
      await store.add(letter({ eventId: `e${n}`, feedId, timeMs: n * 1000 }), never);
    }
    await store.close();
    const kept = await events();
    expect(kept.at(-1)).toBe('e11');
    expect((await stat(store.path)).size).toBeLessThanOrEqual(3000);
    const dropped = 12 - kept.length;
    expect(dropped).toBeGreaterThan(0);
    expect(kept).toEqual(Array.from({ length: 12 }, (_, n) => `e${n}`).slice(dropped));
    const numbers = gaps.map(({ reason }) => Number(/^\d+/.exec(reason)?.[0]));
    expect(numbers.reduce((sum, count) => sum + count, 0)).toBe(dropped);
    expect(gaps[0]).toMatchObject({
      kind: 'letters',
      feedId: 'a',
      fromMs: 0,
      endpoint: 'auth',
      serverId: 'siem',
      key: letterId(letter({ eventId: 'e0', feedId: 'a' })),
    });
    expect(gaps[1]).toMatchObject({ feedId: 'b', fromMs: 1000 });
  });

  it('drop nothing whose gap is not on disk', async () => {
    let refuse = true;
    const add = async (): Promise<void> => {
      if (refuse) throw new Error('the disk is full');
    };
    const store = await openHere({ maxBytes: 1000, whenFull: 'drop_oldest', gaps: { add } });
    for (const eventId of ['a', 'b', 'c']) await store.add(letter({ eventId }), never);
    await expect(store.add(letter({ eventId: 'd' }), never)).rejects.toMatchObject({
      code: 'dead_letter_full',
    });
    expect(await events()).toEqual(['a', 'b', 'c']);
    refuse = false;
    await store.add(letter({ eventId: 'd' }), never);
    await store.close();
    expect(await events()).toContain('d');
    expect(await events()).not.toContain('a');
  });

  it('drop what was sent again first, which is no gap', async () => {
    const store = await openHere({ maxBytes: 1000, whenFull: 'drop_oldest' });
    for (const eventId of ['a', 'b', 'c']) await store.add(letter({ eventId }), never);
    await sendAgain('b', 'c');
    await store.add(letter({ eventId: 'd' }), never);
    await store.close();
    expect(await events()).toEqual(['a', 'd']);
    expect(gaps).toEqual([]);
  });

  it('count a letter that is larger than the whole file as a gap', async () => {
    const store = await openHere({ maxBytes: 1000, whenFull: 'drop_oldest' });
    await store.add(letter({ eventId: 'a' }), never);
    await store.add(letter({ eventId: 'huge', line: Buffer.alloc(2000) }), never);
    await store.close();
    expect(await events()).toEqual(['a']);
    expect(gaps).toMatchObject([{ kind: 'letters', feedId: 'feed' }]);
  });

  it('are all kept when what was sent again cannot be read', async () => {
    const first = await openHere();
    await first.add(letter({ eventId: 'a' }), never);
    await first.close();
    await writeFile(resentPath(directory), 'nonsense');
    const { log, said } = recordingLog();
    const second = await openHere({ log });
    await second.close();
    expect(await events()).toEqual(['a']);
    expect(said).toMatchObject([{ level: 'warn' }]);
  });

  // Windows deletes no folder with an open file in it.
  it.each(['moved away', ...(process.platform === 'win32' ? [] : ['deleted with its folder'])])(
    'are found where they belong after their file was %s while the program runs',
    async (how) => {
      const store = await openHere();
      await store.add(letter({ eventId: 'a' }), never);
      if (how === 'moved away') await rename(store.path, join(directory, 'elsewhere'));
      else await rm(directory, { recursive: true });
      await store.add(letter({ eventId: 'b' }), never);
      await store.add(letter({ eventId: 'c' }), never);
      await store.close();
      expect(await events()).toEqual(['b', 'c']);
    },
  );
});
