import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { silentLogger } from '../../../src/core/log.ts';
import { defaultLayout } from '../../../src/core/path-template.ts';
import type { Batch, JsonObject } from '../../../src/core/types.ts';
import type { Disk } from '../../../src/sinks/file/disk.ts';
import { FeedArchive } from '../../../src/sinks/file/feed-archive.ts';
import { ArchiveFolder } from '../../../src/sinks/file/folder.ts';
import { archiveMark } from '../../../src/sinks/file/journal.ts';
import { pageTexts } from '../../../src/sinks/file/page-texts.ts';
import { never } from '../helpers/tools.ts';
import { brokenDisk, dyingDisk } from './broken-disk.ts';
import { PowerCutDisk } from './power-cut-disk.ts';

const dayMs = 86_400_000;
const account = { id: undefined, name: 'test', apiHost: 'api.test' };
const origin = { account, endpoint: 'auth', sender: 'here', sentAtMs: 0 };

function page(number: number, days: readonly number[], beside?: string): Batch {
  const lines = days.map((day, index) => ({
    bytes: Buffer.from(`page ${number} event ${index}${'.'.repeat((number * 37 + index) % 250)}`),
    id: `${number}-${index}`,
    timeMs: day * dayMs,
  }));
  return {
    ...{ feedId: 'auth > archive', origin, lines },
    ...(beside === undefined ? {} : { beside }),
  };
}

const textsOf = ({ lines }: Batch): string[] =>
  lines.map(({ bytes }) => Buffer.from(bytes).toString('utf8'));

function archived(disk: PowerCutDisk): string[] {
  return [...disk.texts()]
    .filter(([path]) => !path.includes('.duologsync'))
    .flatMap(([, text]) => text.split('\n'))
    .filter((line) => line !== '')
    .sort();
}

/** A feed and a backfill that share an archive, and what each of them remembers. */
class Both {
  readonly disk = new PowerCutDisk();
  #mark: JsonObject | undefined;
  #archive: FeedArchive | undefined;

  /** A process that begins; the live feed restores. */
  async start(disk: Disk = this.disk): Promise<void> {
    const folder = new ArchiveFolder('/data/duo', disk, 'linux', systemClock);
    const parts = { server: 'archive', layout: defaultLayout, folder, log: silentLogger };
    this.#archive = new FeedArchive({ feedId: 'auth > archive', ...parts });
    await this.#archive.restore(archiveMark(this.#mark));
  }

  /** `isSaved`: false where the process dies before it has noted what it wrote. */
  async write(batch: Batch, isSaved = true): Promise<void> {
    const archive = this.#archive;
    if (archive === undefined) throw new Error('it does not run');
    if (batch.beside !== undefined) {
      expect(await archive.inTurn(() => archive.writeBeside(batch, never))).toBe(true);
      return;
    }
    const mark = await archive.inTurn(() => archive.write(batch, never));
    if (!isSaved) return;
    this.#mark = mark;
    archive.settled();
  }

  /** Once more after a failure, in the same process. */
  async again(batch: Batch): Promise<void> {
    await this.#archive?.tidy().catch(() => undefined);
    await this.write(batch);
  }

  async besideNow(batch: Batch): Promise<boolean> {
    return (await this.#archive?.writeBeside(batch, never)) ?? false;
  }
}

describe('a backfill beside the live feed of the same archive', () => {
  it('has each page there exactly once, at whichever call the process dies, whoever writes next', async () => {
    const pages = [
      page(1, [1, 2]),
      page(2, [1, 2], 'one'),
      page(3, [2, 3]),
      page(4, [2, 1, 3], 'one'),
      page(5, [3], 'one'),
      page(6, [1, 3]),
    ];
    for (const othersFirst of [false, true]) {
      for (let lastCall = 0; ; lastCall += 1) {
        const both = new Both();
        const dying = dyingDisk(lastCall, both.disk, 5);
        const left = [...pages];
        await (async () => {
          await both.start(dying);
          for (const one of pages) {
            await both.write(one);
            left.shift();
          }
        })().catch(() => undefined);
        const died = dying.dead();
        await both.start();
        const [under] = left;
        const others = left.filter(({ beside }) => beside !== under?.beside);
        const ordered = othersFirst
          ? [...others, ...left.filter((one) => !others.includes(one))]
          : left;
        for (const one of ordered) await both.write(one);
        expect(archived(both.disk), `dead at call ${lastCall}`).toEqual(
          pages.flatMap(textsOf).sort(),
        );
        if (!died) break;
      }
    }
  });

  it('is there once after kills, power cuts, refusals and forgotten pages in any order', async () => {
    const step = fc.record({
      beside: fc.boolean(),
      kind: fc.constantFrom('well', 'kill', 'power', 'refuse', 'forget'),
      call: fc.nat(45),
      days: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 }),
      luck: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), {
        minLength: 5,
        maxLength: 20,
      }),
      other: fc.boolean(),
    });
    let faults = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const both = new Both();
        const expected: string[] = [];
        for (const [index, { beside, kind, call, days, luck, other }] of steps.entries()) {
          const batch = page(index, days, beside ? 'one' : undefined);
          expected.push(...textsOf(batch));
          let calls = 0;
          const { disk } = both;
          const trying =
            kind === 'refuse'
              ? brokenDisk(() => ((calls += 1) === call ? 'ENOSPC' : undefined), {
                  ...{ disk, partialBytes: 7 },
                })
              : dyingDisk(kind === 'kill' || kind === 'power' ? call : Infinity, disk, 3);
          let isWritten = false;
          try {
            await both.start(trying);
            await both.write(batch, kind !== 'forget');
            isWritten = kind !== 'forget';
          } catch {
            faults += 1;
            if (kind === 'refuse')
              isWritten = await both.again(batch).then(
                () => true,
                () => false,
              );
          }
          if (kind === 'power') {
            let at = 0;
            disk.cutPower(() => luck[(at += 1) % luck.length] ?? 0);
          }
          if (isWritten) continue;
          await both.start();
          if (other) {
            const next = page(1_000 + index, days, beside ? undefined : 'one');
            expected.push(...textsOf(next));
            await both.write(next);
          }
          await both.write(batch);
        }
        expect(archived(both.disk)).toEqual(expected.sort());
      }),
      { numRuns: 400 },
    );
    expect(faults).toBeGreaterThan(200);
  });

  it('waits while a page of the live feed is written and not noted, and while it has not begun', async () => {
    const both = new Both();
    expect(await both.besideNow(page(1, [1], 'one'))).toBe(false);
    await both.start();
    await both.write(page(2, [1]), false);
    expect(await both.besideNow(page(3, [1], 'one'))).toBe(false);
    await both.start();
    expect(await both.besideNow(page(3, [1], 'one'))).toBe(true);
  });

  it('leaves alone what was done, when its files have been moved away since', async () => {
    const both = new Both();
    await both.start();
    await both.write(page(1, [1, 2], 'one'));
    await both.disk.unlink('/data/duo/auth/1970-01-02.log');
    await both.start();
    expect(archived(both.disk)).toHaveLength(1);
  });

  it('finds what a crash left of a page in a longer one, too, and after another crash', async () => {
    const [first, more] = [page(1, [1, 2], 'one'), page(2, [1, 1, 2], 'one')];
    const longer = { ...more, lines: [...first.lines, ...more.lines] };
    for (let lastCall = 0; ; lastCall += 1) {
      const both = new Both();
      await both.start();
      await both.write(first);
      const dying = dyingDisk(lastCall, both.disk, 5);
      await both
        .start(dying)
        .then(() => both.write(longer))
        .catch(() => undefined);
      const died = dying.dead();
      await both.start();
      await both.write(longer);
      expect(archived(both.disk), `dead at call ${lastCall}`).toEqual(textsOf(longer).sort());
      if (!died) break;
    }
  });

  it('is found again by its own name alone', async () => {
    const both = new Both();
    await both.start();
    await both.write(page(1, [1], 'one'));
    await both.write(page(1, [1], 'one'));
    expect(archived(both.disk)).toHaveLength(1);
    await both.write(page(1, [1], 'two'));
    expect(archived(both.disk)).toHaveLength(2);
  });
});

describe('the texts of a page', () => {
  it('are those of its days, a line each', () => {
    const texts = pageTexts(defaultLayout, origin, page(1, [1, 1, 2]).lines);
    expect([...texts.keys()]).toEqual(['auth/1970-01-02.log', 'auth/1970-01-03.log']);
    expect(
      Buffer.from([...texts.values()][0] ?? [])
        .toString()
        .split('\n'),
    ).toHaveLength(3);
  });
});
