import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  encodeGap,
  gapId,
  gapsPath,
  type GapRecord,
  readGaps,
} from '../../src/checkpoint/gap-record.ts';
import { nodeFileSystem } from '../../src/core/atomic-file.ts';
import type { FeedGap } from '../../src/core/types.ts';

const gap: FeedGap = {
  kind: 'reach',
  feedId: 'auth > siem',
  account: { id: undefined, name: 'api-1.duosecurity.com' },
  endpoint: 'auth',
  serverId: 'siem',
  fromMs: 1_000,
  toMs: 2_000,
  reason: 'too old',
};
const record: GapRecord = { ...gap, id: gapId(gap), toldMs: 5_000, times: 1 };

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'duologsync-gaps-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));
const read = async () => [...(await readGaps(gapsPath(directory), nodeFileSystem)).values()];

describe("a gap's record", () => {
  it('comes back from the file as it was, a child account too', async () => {
    const child = { ...record, id: 'beef', account: { id: 'DACHILD', name: 'ACME "Dental"' } };
    await writeFile(gapsPath(directory), Buffer.concat([encodeGap(record), encodeGap(child)]));
    expect(await read()).toEqual([record, child]);
  });

  it('is the last that was written under its id, at its old place', async () => {
    const other = { ...record, id: 'beef' };
    const longer = { ...record, toMs: 9_000 };
    await writeFile(
      gapsPath(directory),
      Buffer.concat([record, other, longer].map((one) => encodeGap(one))),
    );
    expect(await read()).toEqual([longer, other]);
  });

  it('that is damaged or of another shape costs no other', async () => {
    const wrong = ['{"id":"x"}', 'null', '[1]', 'torn {"id', `{"account":{},"id":7}`];
    const odd = encodeGap(record).toString().replace('"reach"', '"nonsense"').trim();
    const text = [...wrong, odd, encodeGap(record).toString(), '{"id":"half'].join('\n');
    await writeFile(gapsPath(directory), text);
    expect(await read()).toEqual([record]);
  });

  it('has the same id when its end has moved, and another one for another feed, begin or key', () => {
    expect(gapId({ ...gap, toMs: 9_999 })).toBe(gapId(gap));
    const others = [{ feedId: 'x' }, { fromMs: 1 }, { key: 'k' }, { kind: 'second' as const }];
    const ids = [gap, ...others.map((more) => ({ ...gap, ...more }))].map(gapId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
