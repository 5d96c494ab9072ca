import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { silentLogger } from '../../../src/core/log.ts';
import { type ArchiveLayout, defaultLayout } from '../../../src/core/path-template.ts';
import type { Batch, JsonObject } from '../../../src/core/types.ts';
import type { Disk } from '../../../src/sinks/file/disk.ts';
import { FeedArchive } from '../../../src/sinks/file/feed-archive.ts';
import { ArchiveFolder } from '../../../src/sinks/file/folder.ts';
import { archiveMark, decodeJournal, encodeJournal } from '../../../src/sinks/file/journal.ts';
import { never } from '../helpers/tools.ts';
import { brokenDisk, dyingDisk } from './broken-disk.ts';
import { PowerCutDisk } from './power-cut-disk.ts';

const directory = '/data/duo';
const dayMs = 86_400_000;
const journalOf = (disk: PowerCutDisk): string =>
  [...disk.texts().keys()].find((path) => path.includes('.duologsync') && path.endsWith('.json')) ??
  '';

function archiveOn(
  disk: Disk,
  options: { feedId?: string; directory?: string; layout?: ArchiveLayout } = {},
): FeedArchive {
  const { feedId = 'auth > archive', layout = defaultLayout } = options;
  const folder = new ArchiveFolder(options.directory ?? directory, disk, 'linux', systemClock);
  return new FeedArchive({ feedId, server: 'archive', layout, folder, log: silentLogger });
}

/** A page with an event on each of these days; its texts tell the pages apart. */
function page(number: number, days: readonly number[], apiHost = 'api.test'): Batch {
  const lines = days.map((day, index) => ({
    bytes: Buffer.from(`page ${number} event ${index}${'.'.repeat((number * 37 + index) % 250)}`),
    id: `${number}-${index}`,
    timeMs: day * dayMs,
  }));
  const account = { id: undefined, name: 'test', apiHost };
  return {
    feedId: 'auth > archive',
    origin: { account, endpoint: 'auth', sender: 'here', sentAtMs: 0 },
    lines,
  };
}

const textsOf = ({ lines }: Batch): string[] =>
  lines.map(({ bytes }) => Buffer.from(bytes).toString('utf8'));

/** What lies in the day files, in order. */
function archived(disk: PowerCutDisk): string[] {
  return [...disk.texts()]
    .filter(([path]) => !path.includes('.duologsync'))
    .flatMap(([, text]) => text.split('\n').slice(0, text.endsWith('\n') ? -1 : undefined))
    .filter((line) => line !== '')
    .sort();
}

/** Restores and writes as a feed does: the page goes again with the mark of the page before it. */
async function goOn(disk: Disk, mark: JsonObject | undefined, batch: Batch): Promise<JsonObject> {
  const archive = archiveOn(disk);
  await archive.restore(archiveMark(mark));
  return archive.write(batch, never);
}

describe('a page', () => {
  it('is in the files exactly once, at whichever call the process dies', async () => {
    const pages = [page(1, [1, 1, 2]), page(2, [2, 3, 1, 3]), page(3, [3])];
    let deaths = 0;
    for (let lastCall = 0; ; lastCall += 1) {
      const disk = new PowerCutDisk();
      let mark: JsonObject | undefined;
      let died = false;
      for (const batch of pages) {
        const dying = dyingDisk(died ? Infinity : lastCall, disk, 5);
        const before = mark;
        mark = await goOn(dying, before, batch).catch(async () => goOn(disk, before, batch));
        died ||= dying.dead();
        if (died) deaths += 1;
      }
      expect(archived(disk), `dead at call ${lastCall}`).toEqual(pages.flatMap(textsOf).sort());
      if (!died) break;
    }
    expect(deaths).toBeGreaterThan(20);
  });

  it('is there exactly once after kills, power cuts and refusals in any order', async () => {
    const step = fc.record({
      kind: fc.constantFrom('well', 'kill', 'power', 'refuse'),
      call: fc.nat(45),
      days: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 6 }),
      luck: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), {
        minLength: 5,
        maxLength: 20,
      }),
    });
    let cuts = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const disk = new PowerCutDisk();
        let mark: JsonObject | undefined;
        const expected: string[] = [];
        for (const [index, { kind, call, days, luck }] of steps.entries()) {
          const batch = page(index, days);
          expected.push(...textsOf(batch));
          let calls = 0;
          const trying =
            kind === 'refuse'
              ? brokenDisk(() => ((calls += 1) === call ? 'ENOSPC' : undefined), {
                  disk,
                  partialBytes: 7,
                })
              : dyingDisk(kind === 'well' ? Infinity : call, disk, 3);
          const archive = archiveOn(trying);
          const before = archiveMark(mark);
          let written: JsonObject | undefined;
          try {
            await archive.restore(before);
            written = await archive.write(batch, never);
          } catch {
            cuts += 1;
          }
          if (kind === 'power') {
            let at = 0;
            disk.cutPower(() => luck[(at += 1) % luck.length] ?? 0);
          }
          if (written === undefined && kind === 'refuse') {
            await archive.tidy().catch(() => undefined);
            written = await archive.write(batch, never).catch(() => undefined);
          }
          mark = written ?? (await goOn(disk, mark, batch));
        }
        expect(archived(disk)).toEqual(expected.sort());
      }),
      { numRuns: 400 },
    );
    expect(cuts).toBeGreaterThan(200);
  });

  it('that is confirmed outlives a power cut right after', async () => {
    const disk = new PowerCutDisk();
    const first = page(1, [1, 2]);
    const mark = await goOn(disk, undefined, first);
    disk.cutPower(() => 0);
    expect(archived(disk)).toEqual(textsOf(first).sort());
    const second = page(2, [2]);
    await goOn(disk, mark, second);
    expect(archived(disk)).toEqual([...textsOf(first), ...textsOf(second)].sort());
  });

  it('lands on the days of its events, the late ones behind what is there', async () => {
    const disk = new PowerCutDisk();
    const mark = await goOn(disk, undefined, page(1, [10, 11]));
    await goOn(disk, mark, page(2, [11, 3, 10]));
    const days = [...disk.texts()].filter(([path]) => path.endsWith('.log'));
    expect(new Map(days.map(([path, text]) => [path, text.split('\n').length - 1]))).toEqual(
      new Map([
        [`${directory}/auth/1970-01-11.log`, 2],
        [`${directory}/auth/1970-01-12.log`, 2],
        [`${directory}/auth/1970-01-04.log`, 1],
      ]),
    );
  });
});

it('is not written, and nothing cut, by who did not restore the feed', async () => {
  const disk = new PowerCutDisk();
  await goOn(disk, undefined, page(1, [1]));
  await expect(archiveOn(disk).write(page(2, [1]), never)).rejects.toMatchObject({
    code: 'archive_foreign',
  });
  expect(archived(disk)).toEqual(textsOf(page(1, [1])));
});

describe('at a restart', () => {
  let disk: PowerCutDisk;
  let marks: JsonObject[];
  const pages = [1, 2, 3, 4, 5, 6].map((number) => page(number, [number % 3, 1]));
  const upTo = (count: number): string[] => pages.slice(0, count).flatMap(textsOf).sort();

  beforeEach(async () => {
    disk = new PowerCutDisk();
    marks = [];
    for (const batch of pages) marks.push(await goOn(disk, marks.at(-1), batch));
  });
  const restore = (mark: JsonObject | undefined, options = {}): Promise<void> =>
    archiveOn(disk, options).restore(archiveMark(mark));
  const replaceJournal = (bytes: Uint8Array): Promise<unknown> =>
    (async () => {
      const file = await disk.open(journalOf(disk), 'r+');
      await file.truncate(0);
      for (let at = 0; at < bytes.length;)
        at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
    })();

  it('nothing is cut when the checkpoint has the last page', async () => {
    await restore(marks[5]);
    expect(archived(disk)).toEqual(upTo(6));
  });

  it.each([5, 4, 3, 2])('files are cut back to a checkpoint at page %d', async (count) => {
    await restore(marks[count - 1]);
    expect(archived(disk)).toEqual(upTo(count));
    await goOn(disk, marks[count - 1], pages[count] ?? page(0, []));
    expect(archived(disk)).toEqual(upTo(count + 1));
  });

  it('an older checkpoint is refused, and nothing cut', async () => {
    await expect(restore(marks[0])).rejects.toMatchObject({
      code: 'archive_foreign',
      remedy: 'park',
      message: expect.stringContaining('5 pages ahead') as string,
    });
    expect(archived(disk)).toEqual(upTo(6));
  });

  it('a checkpoint that knows of no page is refused, and nothing cut', async () => {
    await expect(restore(undefined)).rejects.toMatchObject({ code: 'archive_foreign' });
    expect(archived(disk)).toEqual(upTo(6));
  });

  it('the archive of another duologsync is refused, and nothing cut', async () => {
    const other = { ...marks[4], history: '0123456789abcdef' };
    await expect(restore(other)).rejects.toMatchObject({ code: 'archive_foreign', remedy: 'park' });
    expect(archived(disk)).toEqual(upTo(6));
  });

  it('the first page of another Duo account is refused, and nothing cut', async () => {
    const fresh = new PowerCutDisk();
    await goOn(fresh, undefined, page(1, [1]));
    const archive = archiveOn(fresh);
    await archive.restore(undefined);
    await expect(archive.write(page(1, [1], 'other.test'), never)).rejects.toMatchObject({
      code: 'archive_foreign',
    });
    expect(archived(fresh)).toEqual(textsOf(page(1, [1])));
  });

  it('a damaged journal is refused, and nothing cut', async () => {
    await replaceJournal(Buffer.from('{"format":1}'));
    await expect(restore(marks[4])).rejects.toMatchObject({
      code: 'archive_journal_damaged',
      remedy: 'park',
    });
    expect(archived(disk)).toEqual(upTo(6));
  });

  it('a file that is shorter than the journal says stays as it is', async () => {
    const path = `${directory}/auth/1970-01-02.log`;
    const file = await disk.open(path, 'r+');
    await file.truncate(10);
    await restore(marks[4]);
    expect(disk.texts().get(path)).toHaveLength(10);
  });

  it('a file that was removed is not missed', async () => {
    await disk.unlink(`${directory}/auth/1970-01-02.log`);
    await restore(marks[4]);
    await goOn(disk, marks[4], pages[5] ?? page(0, []));
    expect(archived(disk)).toContain(textsOf(page(6, [0, 1]))[1]);
  });

  it('a file that was removed between two pages is cut back to where it was before both', async () => {
    const path = `${directory}/auth/1970-01-02.log`;
    await disk.unlink(path);
    await goOn(disk, marks[5], page(7, [1]));
    expect(disk.texts().get(path)).toContain('page 7');
    await restore(marks[4]);
    expect(disk.texts().get(path)).toBe('');
  });

  it('a disk that is not mounted is waited for', async () => {
    const bare = new PowerCutDisk();
    await bare.mkdir(directory);
    const archive = archiveOn(bare);
    await expect(archive.restore(archiveMark(marks[5]))).rejects.toMatchObject({
      code: 'archive_missing',
      remedy: 'retry',
    });
    // As the hint says.
    await bare.mkdir(`${directory}/.duologsync`);
    await archive.restore(archiveMark(marks[5]));
    await archive.write(page(7, [1]), never);
    expect(archived(bare)).toEqual(textsOf(page(7, [1])));
  });

  it('an archive that was restored from an older backup goes on, and says what it lacks', async () => {
    const journal = decodeJournal(Buffer.from(disk.texts().get(journalOf(disk)) ?? ''));
    if (typeof journal === 'string') throw new Error(journal);
    await replaceJournal(encodeJournal({ ...journal, pages: journal.pages.slice(0, -1) }));
    await restore(marks[5]);
    expect(archived(disk)).toEqual(upTo(6));
    const mark = await goOn(disk, marks[5], page(7, [1]));
    expect(mark['page']).toBe(7);
  });

  it('another directory begins anew, or goes on with what was moved there', async () => {
    await restore(marks[5], { directory: '/other' });
    expect(archived(disk)).toEqual(upTo(6));
    const moved = new PowerCutDisk();
    for (const [path, text] of disk.texts()) {
      const there = path.replace(directory, '/other');
      await moved.mkdir(there.slice(0, there.lastIndexOf('/')));
      const file = await moved.open(there, 'wx');
      for (let at = 0; at < text.length; at += 100)
        await file.write(Buffer.from(text), at, text.length - at, at);
    }
    const archive = archiveOn(moved, { directory: '/other' });
    await archive.restore(archiveMark(marks[4]));
    expect(archived(moved)).toEqual(upTo(5));
  });

  it('a renamed server is cut back by the journal of its old name', async () => {
    const archive = archiveOn(disk, { feedId: 'auth > new name' });
    await archive.restore(archiveMark(marks[4]));
    expect(archived(disk)).toEqual(upTo(5));
    const mark = await archive.write(pages[5] ?? page(0, []), never);
    expect(mark['journal']).not.toBe(marks[5]?.['journal']);
    const again = archiveOn(disk, { feedId: 'auth > new name' });
    await again.restore(archiveMark(marks[4]));
    expect(archived(disk)).toEqual(upTo(5));
  });
});
