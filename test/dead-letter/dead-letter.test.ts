import { appendFile, chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import type { DeadLetter, JsonObject } from '../../src/core/types.ts';
import {
  type DeadLetterOptions,
  type LetterFile,
  openDeadLetters,
} from '../../src/dead-letter/dead-letter.ts';

const never = new AbortController().signal;

function letter(more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    feedId: 'feed',
    serverId: 'siem',
    eventId: 'event',
    timeMs: 0,
    reason: 'oversize',
    detail: 'too long',
    bytes: Buffer.from('{"a":"ü"}'),
    ...more,
  };
}

describe('the dead letters', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dead-letter-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });
  const openHere = (more: Partial<DeadLetterOptions> = {}) =>
    openDeadLetters({ directory, clock: systemClock, log: silentLogger, ...more });
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
        server: 'siem',
        event: 'event',
        time: '1970-01-01T00:00:00.000Z',
        reason: 'oversize',
        detail: 'too long',
        text: '{"a":"ü"}',
      },
    ]);
  });

  it('give back the same bytes, whatever they are', async () => {
    const store = await openHere();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.double(), async (bytes, timeMs) => {
        await store.add(letter({ bytes, timeMs }), never);
        const last = (await records()).at(-1);
        const text = last?.['text'];
        const base64 = last?.['base64'];
        const kept =
          typeof text === 'string'
            ? Buffer.from(text, 'utf8')
            : Buffer.from(typeof base64 === 'string' ? base64 : 'none', 'base64');
        expect(kept.equals(bytes)).toBe(true);
      }),
      { numRuns: 50 },
    );
    await store.close();
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
    const store = await openHere({ maxBytes: 400 });
    await store.add(letter(), never);
    await expect(store.add(letter({ bytes: Buffer.alloc(500) }), never)).rejects.toMatchObject({
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
});
