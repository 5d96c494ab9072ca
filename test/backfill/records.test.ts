import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BackfillRecords } from '../../src/backfill/records.ts';
import { silentLogger } from '../../src/core/log.ts';
import { begin } from '../../src/engine/window.ts';
import { bench } from '../engine/parts.ts';
import { never } from '../engine/parts.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologsync-backfills-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const key = '0123456789abcdef';
const other = 'fedcba9876543210';

function open() {
  const { clock, feed } = bench();
  const options = { stateDirectory: folder, serverIds: ['siem'], clock, log: silentLogger };
  return { clock, records: new BackfillRecords(options), identity: feed('siem').identity };
}

describe('what is kept of a backfill', () => {
  it('outlives the process, with the places of its feeds', async () => {
    const { records, identity } = open();
    expect(await records.find(key)).toBeUndefined();
    const record = await records.begin(key, 1_000, 2_000);
    await (await records.places(key)).save(identity, { cursor: begin(1_500), mark: { sent: 3 } });
    const again = open().records;
    expect(await again.find(key)).toEqual(record);
    expect((await (await again.places(key)).load(identity))?.mark).toEqual({ sent: 3 });
    expect(await (await again.places(other)).load(identity)).toBeUndefined();
  });

  it('is one line when it is done, and nothing of it is left when it is begun anew', async () => {
    const { records, identity, clock } = open();
    const record = await records.begin(key, 1_000, 2_000);
    await (await records.places(key)).save(identity, { cursor: begin(1_500) });
    await records.finish(record, 7);
    expect(await records.find(key)).toMatchObject({ doneMs: clock.startMs, sent: 7 });
    expect(await readdir(join(folder, 'backfills', key))).toEqual(['job.json']);
    const anew = await records.begin(key, 1_000, 2_000);
    expect(anew.nonce).not.toBe(record.nonce);
    expect(await (await records.places(key)).load(identity)).toBeUndefined();
  });

  it('is forgotten half a year after it was done', async () => {
    const { records, clock } = open();
    await records.finish(await records.begin(other, 1_000, 2_000), 1);
    await clock.sleep(181 * 86_400_000, never);
    await records.begin(key, 1_000, 2_000);
    expect(await readdir(join(folder, 'backfills'))).toEqual([key]);
  });

  it('says which file is damaged, and what to do; guesses nothing', async () => {
    const { records } = open();
    await records.begin(key, 1_000, 2_000);
    await writeFile(join(folder, 'backfills', key, 'job.json'), '{"format":1}');
    await expect(records.find(key)).rejects.toMatchObject({ code: 'backfill_unreadable' });
  });

  it('says that it cannot be written', async () => {
    const { records } = open();
    await mkdir(join(folder, 'backfills'), { recursive: true });
    await writeFile(join(folder, 'backfills', key), 'a file in the way');
    await rm(join(folder, 'backfills'), { recursive: true });
    await writeFile(join(folder, 'backfills'), 'a file in the way');
    await expect(records.begin(key, 1_000, 2_000)).rejects.toMatchObject({
      code: 'backfill_unwritable',
    });
  });
});
