import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  acknowledgedPath,
  isAcknowledged,
  readAcknowledged,
  saveAcknowledged,
} from '../../src/checkpoint/acknowledged.ts';
import { brokenFileSystem } from '../core/broken-file-system.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'duologsync-acknowledged-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('what is acknowledged', () => {
  it('is kept in a file of its own, and none is no fault', async () => {
    const path = acknowledgedPath(directory);
    expect(await readAcknowledged(path)).toEqual(new Map());
    const acknowledged = new Map([
      ['a', 1],
      ['b', 2],
    ]);
    await saveAcknowledged(path, acknowledged);
    expect(await readAcknowledged(path)).toEqual(acknowledged);
  });

  it.each(['', 'no json', '[]', '{"format":2,"upToMs":{}}', '{"format":1}'])(
    'is not guessed from a damaged file: %j',
    async (text) => {
      const path = acknowledgedPath(directory);
      await writeFile(path, text);
      await expect(readAcknowledged(path)).rejects.toMatchObject({
        code: 'acknowledged_unreadable',
      });
    },
  );

  it('that cannot be written is said, and the old file stays', async () => {
    const path = acknowledgedPath(directory);
    await saveAcknowledged(path, new Map([['a', 1]]));
    const fs = brokenFileSystem((call) => (call === 'write' ? 'ENOSPC' : undefined));
    await expect(saveAcknowledged(path, new Map(), fs)).rejects.toMatchObject({
      code: 'acknowledged_unwritable',
    });
    expect(await readAcknowledged(path)).toEqual(new Map([['a', 1]]));
  });

  it('holds for the gap as long as it was then, or a little longer at the moving edge of 180 days', () => {
    const acknowledged = new Map([['a', 1_000]]);
    const gap = { id: 'a', kind: 'second', toMs: 1_000 } as const;
    expect(isAcknowledged(gap, acknowledged)).toBe(true);
    expect(isAcknowledged({ ...gap, id: 'b' }, acknowledged)).toBe(false);
    expect(isAcknowledged({ ...gap, toMs: 1_001 }, acknowledged)).toBe(false);
    const edge = { ...gap, kind: 'reach', toMs: 61_000 } as const;
    expect(isAcknowledged(edge, acknowledged)).toBe(true);
    expect(isAcknowledged({ ...edge, toMs: 4_000_000 }, acknowledged)).toBe(false);
  });
});
