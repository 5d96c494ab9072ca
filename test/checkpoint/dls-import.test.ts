import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findDlsCheckpoint,
  settleDlsCheckpoint,
  type DlsPosition,
  type FindOptions,
} from '../../src/checkpoint/dls-import.ts';

interface Case {
  readonly tz: string;
  readonly endpoint: string;
  readonly last_row: Readonly<Record<string, string | number>>;
  readonly file: string;
  readonly content: string;
}

const cases = (
  await readFile(new URL('../cases/dls-checkpoints/cases.jsonl', import.meta.url), 'utf8')
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

const rowMs = Date.parse('2026-02-13T18:56:20.351Z');
const writtenMs = rowMs + 60_000;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dls-import-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function write(name: string, content: string | Uint8Array, atMs = writtenMs): Promise<void> {
  const file = join(directory, name);
  await writeFile(file, content);
  await utimes(file, atMs / 1000, atMs / 1000);
}

async function find(endpoint: string, tz = 'UTC', more: Partial<FindOptions> = {}) {
  return findDlsCheckpoint({
    directories: [directory],
    endpoint,
    accountId: undefined,
    zoneOffsetMs: offsetOf(tz),
    ...more,
  });
}

async function position(endpoint: string, tz = 'UTC'): Promise<DlsPosition> {
  const found = await find(endpoint, tz);
  if (found?.problem !== undefined || found === undefined) throw new Error('nothing to read');
  return found;
}

/** The offset of a named zone, by the time zone data of this system. */
function offsetOf(tz: string): (timeMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: tz,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (timeMs) => {
    const parts = Object.fromEntries(
      format.formatToParts(timeMs).map(({ type, value }) => [type, Number(value)]),
    );
    const {
      year: y = 0,
      month: mo = 1,
      day: d = 0,
      hour: h = 0,
      minute: mi = 0,
      second: s = 0,
    } = parts;
    return Date.UTC(y, mo - 1, d, h, mi, s) - Math.floor(timeMs / 1000) * 1000;
  };
}

/** What DLS writes for a row: Python's strptime().timestamp() of a time without a zone. */
function dlsContent(timeMs: number, id: string, offset: (timeMs: number) => number): string {
  // PEP 495, fold=0: the first of two, and the old offset for times that never were.
  const early = timeMs - offset(timeMs - 86_400_000);
  const late = timeMs - offset(timeMs + 86_400_000);
  const fits = [early, late].filter((ms) => ms + offset(ms) === timeMs);
  return JSON.stringify(`${Math.min(...(fits.length > 0 ? fits : [early])) + 1},${id}`);
}

describe("the files that Duo Log Sync's 2.3.0 wrote", () => {
  it.each(cases)('lead to the last row: $endpoint in $tz', async (example) => {
    await write(example.file, example.content);
    const endpoint = example.file.split('_')[0] ?? '';
    const found = await position(endpoint, example.tz);
    const row = example.last_row;
    const ids = [row['txid'], row['telephony_id'], row['activity_id']].filter(Boolean);
    const inSeconds = !example.content.includes('351') && !example.content.includes('352');
    const expected = inSeconds ? Math.floor(rowMs / 1000) * 1000 : rowMs;
    const settled = await settleDlsCheckpoint(
      found,
      async (ms, id) => ms === rowMs && ids.includes(id),
    );
    expect(settled).toEqual({
      positionMs: expected,
      proven: true,
      ...(ids.length > 0 ? { positionId: ids[0] } : {}),
    });
    expect(found.writtenAtMs).toBe(writtenMs);
  });

  it('give the earliest reading when Duo proves none', async () => {
    for (const { file, content } of cases.filter(({ tz }) => tz === 'Asia/Tokyo')) {
      if (file.startsWith('telephony')) await write(file, content);
    }
    const settled = await settleDlsCheckpoint(
      await position('telephony', 'Asia/Tokyo'),
      async () => false,
    );
    expect(settled).toEqual({ positionMs: rowMs - 9 * 3_600_000, proven: false });
  });
});

describe('a file of telephony or activity', () => {
  it.each([
    ['before summer time', 'America/New_York', '2026-03-08T06:59:59.999Z'],
    ['in summer', 'America/New_York', '2026-07-01T12:00:00.000Z'],
    ['at a clock time that never was', 'America/New_York', '2026-03-08T02:30:00.000Z'],
    ['just after that', 'America/New_York', '2026-03-08T03:10:00.000Z'],
    ['at a clock time that was twice', 'America/New_York', '2026-11-01T01:30:00.000Z'],
    ['with half an hour of summer time', 'Australia/Lord_Howe', '2026-10-04T02:15:00.000Z'],
  ])('holds the true time among its readings: %s', async (_name, tz, iso) => {
    const timeMs = Date.parse(iso);
    const offset = offsetOf(tz);
    await write(
      'activity_checkpoint_data.txt',
      dlsContent(timeMs, 'x', offset),
      timeMs + 86_400_000,
    );
    const { candidates } = await position('activity', tz);
    expect(candidates.map(({ positionMs }) => positionMs)).toContain(timeMs);
  });

  it('is never read as later than it was written', async () => {
    await write('telephony_checkpoint_data.txt', `"${rowMs + 1 + 5 * 3_600_000},x"`);
    expect((await position('telephony', 'America/New_York')).candidates).toEqual([
      { positionMs: rowMs, reading: 'local' },
    ]);
  });

  it('keeps a reading even when its own time makes no sense', async () => {
    await write('telephony_checkpoint_data.txt', `"${rowMs + 1},x"`, 1000);
    expect((await position('telephony', 'UTC')).candidates).toEqual([
      { positionMs: rowMs, reading: 'utc' },
    ]);
  });

  it('of an older version holds seconds', async () => {
    await write('telephony_checkpoint_data.txt', '1771008981');
    expect((await position('telephony', 'Asia/Tokyo')).candidates).toEqual([
      { positionMs: 1771008980_000, reading: 'exact' },
    ]);
  });
});

describe('looking for files', () => {
  it("finds a child's by its id, the configured account's without", async () => {
    await write('auth_checkpoint_data_DA1.txt', '["1771008980351","one"]');
    await write('auth_checkpoint_data.txt', '["1771008980352","none"]');
    expect(await find('auth', 'UTC', { accountId: 'DA1' })).toMatchObject({ positionId: 'one' });
    expect(await find('auth', 'UTC', { accountId: 'DA2' })).toBeUndefined();
    expect(await find('auth')).toMatchObject({ positionId: 'none' });
  });

  it('finds the authlog of 0.x, and takes the first folder that has a file', async () => {
    const second = join(directory, 'second');
    await mkdir(second);
    await write('second/auth_checkpoint_data.txt', '["1771008980351","second"]');
    const directories = [join(directory, 'none'), directory, second];
    expect(await find('auth', 'UTC', { directories })).toMatchObject({ positionId: 'second' });
    await write('authlog_checkpoint_data.txt', '["1771008980351","old"]');
    expect(await find('auth', 'UTC', { directories })).toMatchObject({ positionId: 'old' });
    expect(await find('activity', 'UTC', { directories })).toBeUndefined();
  });

  it('only reads', async () => {
    await write('auth_checkpoint_data.txt', 'null');
    await find('auth');
    const file = join(directory, 'auth_checkpoint_data.txt');
    expect(await readFile(file, 'utf8')).toBe('null');
    expect((await stat(file)).mtimeMs).toBe(writtenMs);
  });

  it.each([
    ['an empty file', ''],
    ['half a file', '["17710089803'],
    ['null', 'null'],
    ['a list without an id', '["1771008980351"]'],
    ['an object', '{"a":1}'],
    ['text', '"yesterday"'],
    ['zero', '0'],
    ['a time beyond all calendars', '"99999999999999999,x"'],
    ['a file of another program', 'x'.repeat(70_000)],
  ])('says what is wrong with %s', async (_name, content) => {
    await write('auth_checkpoint_data.txt', content);
    expect(await find('auth')).toMatchObject({ problem: expect.stringMatching(/^it/) as string });
  });

  it('says so when a folder lies there', async () => {
    await mkdir(join(directory, 'auth_checkpoint_data.txt'));
    expect(await find('auth')).toMatchObject({ problem: 'it is not a file' });
  });

  it('never throws for what a file holds', async () => {
    const something = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(something, async (bytes) => {
        await write('activity_checkpoint_data.txt', bytes);
        const found = await find('activity', 'Asia/Tokyo');
        if (found?.problem === undefined) {
          for (const { positionMs } of found?.candidates ?? []) {
            expect(Number.isSafeInteger(positionMs)).toBe(true);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
