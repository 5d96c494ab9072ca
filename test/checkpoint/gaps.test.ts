import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acknowledgedPath, saveAcknowledged } from '../../src/checkpoint/acknowledged.ts';
import { gapId, gapsPath, readGaps } from '../../src/checkpoint/gap-record.ts';
import { logGaps, openGaps } from '../../src/checkpoint/gaps.ts';
import { nodeFileSystem } from '../../src/core/atomic-file.ts';
import type { FileSystem } from '../../src/core/atomic-file.ts';
import type { FeedGap } from '../../src/core/types.ts';
import { brokenFileSystem, dyingFileSystem } from '../core/broken-file-system.ts';
import { recordingLog } from '../engine/parts.ts';
import { TestClock } from '../engine/test-clock.ts';

const hourMs = 3_600_000;
let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'duologsync-gaps-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function gap(more: Partial<FeedGap> = {}): FeedGap {
  return {
    kind: 'reach',
    feedId: 'auth > siem',
    account: { id: undefined, name: 'api-1.duosecurity.com' },
    endpoint: 'auth',
    serverId: 'siem',
    fromMs: 0,
    toMs: hourMs,
    reason: 'too old',
    ...more,
  };
}

/** As a program that starts: what is on disk, and what it says. */
async function start(fs: FileSystem = nodeFileSystem) {
  const { log, said } = recordingLog();
  const store = await openGaps({ directory, clock: new TestClock(), log, fs });
  const told = () => said.filter(({ level }) => level === 'error').map(({ fields }) => fields);
  return { store, said, told };
}
const onDisk = async () => [...(await readGaps(gapsPath(directory), nodeFileSystem)).values()];

describe('a gap', () => {
  it('is told once as an error with account, endpoint, server, times, reason and what to type', async () => {
    const { store, said } = await start();
    await store.add([gap()]);
    expect(said).toEqual([
      {
        level: 'error',
        sentence: 'Events of this time are lost for good',
        fields: {
          code: 'gap',
          gap: gapId(gap()),
          feed: 'auth > siem',
          account: 'api-1.duosecurity.com',
          endpoint: 'auth',
          server: 'siem',
          from: '1970-01-01T00:00:00.000Z',
          to: '1970-01-01T01:00:00.000Z',
          reason: 'too old',
          hint: 'duologsync gaps shows what to do, until it is acknowledged there.',
        },
      },
    ]);
  });

  it('is synced to disk when the call resolves, and only then told', async () => {
    const steps: string[] = [];
    const fs: FileSystem = {
      ...nodeFileSystem,
      open: async (path, flags, mode) => {
        const file = await nodeFileSystem.open(path, flags, mode);
        const sync = async (): Promise<void> => {
          await file.sync();
          steps.push('synced');
        };
        return {
          write: (bytes, offset) => file.write(bytes, offset),
          stat: () => file.stat(),
          sync,
          close: () => file.close(),
        };
      },
    };
    const { log } = recordingLog();
    const error = (): void => void steps.push('told');
    const store = await openGaps({
      directory,
      clock: new TestClock(),
      log: { ...log, error },
      fs,
    });
    for (const fromMs of [0, 10 * hourMs]) {
      steps.length = 0;
      await store.add([gap({ fromMs, toMs: fromMs + hourMs })]);
      expect(steps.at(-1)).toBe('told');
      expect(steps[0]).toBe('synced');
    }
    expect(await onDisk()).toHaveLength(2);
  });

  it('that is found again after a crash is not told again, its end moved on or not', async () => {
    const first = await start();
    await first.store.add([gap()]);
    const second = await start();
    expect(second.store.unacknowledged).toBe(1);
    await second.store.add([gap()]);
    await second.store.add([gap({ toMs: hourMs + 180_000 })]);
    expect(second.told()).toEqual([]);
    expect(await onDisk()).toMatchObject([{ fromMs: 0, toMs: hourMs + 180_000, times: 1 }]);
  });

  it('goes on where the last one ended: one gap, told again only when it has grown by an hour', async () => {
    const { store, told } = await start();
    await store.add([gap()]);
    await store.add([gap({ fromMs: hourMs, toMs: hourMs + 60_000 })]);
    expect(told()).toHaveLength(1);
    await store.add([gap({ fromMs: hourMs, toMs: 3 * hourMs })]);
    expect(told()).toHaveLength(2);
    expect(await onDisk()).toMatchObject([{ fromMs: 0, toMs: 3 * hourMs }]);
  });

  it('of another second, feed, or lot of letters is another gap', async () => {
    const { store, told } = await start();
    const second = { kind: 'second', fromMs: 0, toMs: 1000 } as const;
    await store.add([
      gap(second),
      gap({ ...second, fromMs: 1000, toMs: 2000 }),
      gap({ ...second, feedId: 'auth > other' }),
      gap({ kind: 'letters', key: 'one' }),
      gap({ kind: 'letters', key: 'two' }),
    ]);
    expect(told()).toHaveLength(5);
    expect(await onDisk()).toHaveLength(5);
  });

  it('that was acknowledged is neither kept nor told when a crash brings it back', async () => {
    const first = await start();
    await first.store.add([gap(), gap({ feedId: 'auth > other' })]);
    await saveAcknowledged(acknowledgedPath(directory), new Map([[gapId(gap()), hourMs]]));
    const second = await start();
    expect(second.store.unacknowledged).toBe(1);
    expect(await onDisk()).toMatchObject([{ feedId: 'auth > other' }]);
    await second.store.add([gap({ toMs: hourMs + 1000 })]);
    expect(second.told()).toEqual([]);
    await second.store.add([gap({ toMs: 9 * hourMs })]);
    expect(second.told()).toHaveLength(1);
  });

  it('is shown when which are acknowledged cannot be read', async () => {
    const first = await start();
    await first.store.add([gap()]);
    await writeFile(acknowledgedPath(directory), 'nonsense');
    const second = await start();
    expect(second.store.unacknowledged).toBe(1);
    expect(second.said).toMatchObject([{ level: 'warn' }]);
  });

  it('does not join what a crash left of a line', async () => {
    const first = await start();
    await first.store.add([gap()]);
    await appendFile(gapsPath(directory), '{"id":"ha');
    const second = await start();
    await second.store.add([gap({ fromMs: 50 * hourMs, toMs: 51 * hourMs })]);
    expect(await onDisk()).toHaveLength(2);
    expect(await readFile(gapsPath(directory), 'utf8')).not.toContain('{"id":"ha');
  });

  it('is on disk or not told, wherever the program dies, and told by the next start then', async () => {
    for (let call = 0; call < 24; call += 1) {
      await rm(gapsPath(directory), { force: true });
      const before = await start();
      await before.store.add([gap({ feedId: 'auth > other' })]);
      const fs = dyingFileSystem(call);
      const dying = await start(fs).catch(() => undefined);
      await dying?.store.add([gap()]).catch(() => undefined);
      const after = await start();
      await after.store.add([gap()]);
      // Died between the disk and the log: the start tells that there is one.
      const tellings = (dying?.told().length ?? 0) + after.told().length;
      if (tellings === 0) expect(after.store.unacknowledged).toBe(2);
      else expect(tellings).toBe(1);
      expect(await onDisk()).toHaveLength(2);
    }
  });

  it('that a full disk refuses holds the feed, and is told and kept once there is room', async () => {
    let full = true;
    const fs = brokenFileSystem((call) => (full && call === 'write' ? 'ENOSPC' : undefined));
    const { store, told } = await start(fs);
    for (let i = 0; i < 3; i += 1) {
      await expect(store.add([gap()])).rejects.toMatchObject({
        code: 'gaps_unwritable',
        remedy: 'retry',
      });
    }
    expect(told()).toEqual([]);
    full = false;
    await store.add([gap()]);
    expect(told()).toHaveLength(1);
    expect(await onDisk()).toHaveLength(1);
  });

  it('keeps the file bounded, however many there are: the newest stands for the rest', async () => {
    // A thousand syncs would only cost the test's time.
    const fs: FileSystem = {
      ...nodeFileSystem,
      open: async (...place) => {
        const file = await nodeFileSystem.open(...place);
        const write: typeof file.write = (bytes, offset) => file.write(bytes, offset);
        return {
          write,
          stat: () => file.stat(),
          sync: async () => undefined,
          close: () => file.close(),
        };
      },
    };
    const { store, told } = await start(fs);
    const second = (n: number) => gap({ kind: 'second', fromMs: n * 5000, toMs: n * 5000 + 1000 });
    for (let n = 0; n < 1100; n += 1) await store.add([second(n)]);
    expect(told()).toHaveLength(1100);
    const kept = await onDisk();
    expect(kept).toHaveLength(20);
    expect(kept.reduce((sum, { times }) => sum + times, 0)).toBe(1100);
    expect(kept.at(-1)?.toMs).toBe(second(1099).toMs);
    expect((await stat(gapsPath(directory))).size).toBeLessThan(400_000);
    await store.add([second(1099)]);
    expect(told()).toHaveLength(1100);
  });

  it('is kept although somebody has deleted the folder', async () => {
    const { store } = await start();
    await store.add([gap()]);
    await rm(directory, { recursive: true });
    await store.add([gap({ feedId: 'auth > other' })]);
    expect(await onDisk()).toMatchObject([{ feedId: 'auth > other' }]);
  });

  it('whose file cannot be used ends the start with a remedy', async () => {
    const fs = brokenFileSystem((call, path) =>
      call === 'readFile' && path.endsWith('gaps.jsonl') ? 'EACCES' : undefined,
    );
    await expect(start(fs)).rejects.toMatchObject({ code: 'gaps_unusable', remedy: 'stop' });
  });

  it('is told in the log alone where nothing is remembered', async () => {
    const { log, said } = recordingLog();
    await logGaps(log).add([gap()]);
    expect(said).toHaveLength(1);
  });
});
