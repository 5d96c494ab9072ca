import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Checkpoint, FeedIdentity } from '../../src/checkpoint/checkpoint.ts';
import { openFileStore, type FileStore } from '../../src/checkpoint/file-store.ts';
import type { FileSystem } from '../../src/core/atomic-file.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import { brokenFileSystem, dyingFileSystem, type Call } from '../core/broken-file-system.ts';
import { PowerCutDisk } from '../core/power-cut.ts';

const feed: FeedIdentity = {
  accountId: undefined,
  endpoint: 'auth',
  server: { id: 'siem', protocol: 'TCP', hostname: 'siem.example', port: 514 },
};

function at(positionMs: number): Checkpoint {
  const times = { positionMs, readToMs: positionMs, rereadAtMs: 0, idsSinceMs: 0 };
  return { cursor: { ...times, taken: 'x'.repeat(positionMs % 300), fullest: 1 } };
}

function storeOn(fs: FileSystem): FileStore {
  return openFileStore({
    directory: '/state',
    configuredServerIds: ['siem'],
    clock: systemClock,
    log: silentLogger,
    fs,
    platform: 'linux',
  });
}

/** What befalls the store, one thing after the other. */
type Step =
  | { readonly kind: 'save' | 'restart' }
  /** The process, or the whole machine, dies at that call of a save. */
  | { readonly kind: 'kill' | 'power'; readonly call: number }
  /** The disk refuses that call of a save, and the save is tried again. */
  | { readonly kind: 'refuse'; readonly call: number; readonly code: string }
  | { readonly kind: 'flip'; readonly at: number; readonly bits: number }
  | { readonly kind: 'cut'; readonly at: number };

const call = fc.nat(25);
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'save' } as const) },
  fc.constant({ kind: 'restart' } as const),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('kill' as const), call }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('power' as const), call }) },
  fc.record({
    kind: fc.constant('refuse' as const),
    call,
    code: fc.constantFrom('ENOSPC', 'EROFS', 'EIO', 'EACCES', 'EMFILE'),
  }),
  fc.record({
    kind: fc.constant('flip' as const),
    at: place,
    bits: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
);

function refuseCall(number: number, code: string, fs: FileSystem): FileSystem {
  let calls = 0;
  const refuse = (call: Call): string | undefined => {
    // What cannot be read for that reason counts as damaged, on purpose.
    if (code === 'EIO' && call === 'readFile') return undefined;
    return calls++ === number ? code : undefined;
  };
  return brokenFileSystem(refuse, fs);
}

function damage(disk: PowerCutDisk, one: Extract<Step, { at: number }>): void {
  const path = disk
    .paths()
    .find((name) => name.startsWith('/state/feeds/') && name.endsWith('.json'));
  if (path === undefined) return;
  disk.spoil(path, (bytes) => {
    const place = Math.floor(one.at * bytes.length);
    if (one.kind === 'cut') return bytes.subarray(0, place);
    bytes[place] = (bytes[place] ?? 0) ^ one.bits;
    return bytes;
  });
}

describe('a checkpoint', () => {
  it('survives kills, power cuts and refusals at any call, and damage of its newest file', async () => {
    const luck = fc.infiniteStream(place);
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 14 }),
        luck,
        async (steps, dice) => {
          const disk = new PowerCutDisk();
          await disk.mkdir('/state/feeds');
          let store = storeOn(disk);
          let positionMs = 2;
          // What may be found, newest first: the last save, and what the generation before it may hold.
          let last = 2;
          let before = 1;
          // What the store has promised: after a kill more may be there, until the power goes.
          let promised = 2;
          await store.save(feed, at(before));
          await store.save(feed, at(last));
          const restart = async (oldest: number, newest: number): Promise<void> => {
            store = storeOn(disk);
            await store.tidy();
            const found = (await store.load(feed))?.cursor.positionMs ?? 0;
            expect(found).toBeGreaterThanOrEqual(oldest);
            expect(found).toBeLessThanOrEqual(newest);
            before = Math.min(before, found);
            last = found;
            expect(disk.paths().filter((name) => name.endsWith('.tmp'))).toEqual([]);
          };
          const saved = (): void => {
            before = last;
            promised = last = positionMs;
          };
          const saveAgainWhenRefused = async (): Promise<void> => {
            await store.save(feed, at(positionMs)).catch(() => store.save(feed, at(positionMs)));
            saved();
          };
          for (const one of steps) {
            positionMs += 1;
            switch (one.kind) {
              case 'save':
                await saveAgainWhenRefused();
                break;
              case 'restart':
                await restart(last, last);
                break;
              case 'kill':
              case 'power': {
                const fs = dyingFileSystem(one.call, disk);
                const dying = storeOn(fs);
                const done = await dying.save(feed, at(positionMs)).then(
                  () => true,
                  () => false,
                );
                if (done) saved();
                if (one.kind === 'kill') await restart(last, positionMs);
                else {
                  disk.powerCut(() => dice.next().value as number);
                  await restart(promised, positionMs);
                  promised = last;
                }
                break;
              }
              case 'refuse': {
                store = storeOn(refuseCall(one.call, one.code, disk));
                await saveAgainWhenRefused();
                break;
              }
              case 'flip':
              case 'cut':
                damage(disk, one);
                await restart(before, last);
                promised = last;
                break;
            }
          }
          await restart(last, last);
        },
      ),
      { numRuns: 400 },
    );
  });
});
