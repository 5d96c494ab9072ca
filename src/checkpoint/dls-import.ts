import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCode } from '../core/errors.ts';
import type { JsonValue } from '../core/types.ts';

export interface DlsCandidate {
  readonly positionMs: number;
  /** `utc` and `local`: how DLS may have read Duo's times; `exact`: no doubt. */
  readonly reading: 'exact' | 'utc' | 'local';
}

/** Where Duo Log Sync stopped, as its file tells. */
export interface DlsPosition {
  readonly problem?: undefined;
  readonly file: string;
  readonly writtenAtMs: number;
  /** Duo's id of the last row, where the file holds it. */
  readonly positionId?: string;
  /** Earliest first. */
  readonly candidates: readonly [DlsCandidate, ...DlsCandidate[]];
}

export interface DlsUnreadable {
  /** Why the file cannot be used. */
  readonly problem: string;
  readonly file: string;
}

export type DlsCheckpoint = DlsPosition | DlsUnreadable;

export interface FindOptions {
  /** Looked through in this order; the first file found counts. */
  readonly directories: readonly string[];
  readonly endpoint: string;
  /** A child's id; undefined for the configured account. */
  readonly accountId: string | undefined;
  /** This host's offset from UTC at a time, in milliseconds (east is positive); default: the system's. */
  readonly zoneOffsetMs?: (timeMs: number) => number;
}

// DLS itself takes values below for seconds; 1e11 s is the year 5138.
const leastMs = 1e11;
const longestFile = 64 * 1024;
// Its clock and Duo's may differ a little; zones differ by 15 minutes at least.
const toleranceMs = 5 * 60_000;

/** Looks for DLS's file of an account and endpoint; reads only. Never throws for what is in it. */
export async function findDlsCheckpoint(options: FindOptions): Promise<DlsCheckpoint | undefined> {
  for (const directory of options.directories) {
    for (const name of dlsFileNames(options.endpoint, options.accountId)) {
      const found = await read(join(directory, name), options);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** DLS 2's name first; 0.x called authentications `authlog`. */
export function dlsFileNames(endpoint: string, accountId: string | undefined): readonly string[] {
  const suffix = accountId === undefined ? '' : `_${accountId}`;
  const stems = endpoint === 'auth' ? ['auth', 'authlog'] : [endpoint];
  return stems.map((stem) => `${stem}_checkpoint_data${suffix}.txt`);
}

/**
 * Decides between the readings: the one at whose millisecond Duo serves the file's row. `ask` is called
 * at most twice or three times; what it throws is thrown. When none is proven: the earliest, which
 * repeats a few hours of events but loses none.
 */
export async function settleDlsCheckpoint(
  found: DlsPosition,
  ask: (positionMs: number, id: string) => Promise<boolean>,
): Promise<{
  readonly positionMs: number;
  readonly positionId?: string;
  readonly proven: boolean;
}> {
  const { candidates, positionId } = found;
  for (const { positionMs, reading } of candidates) {
    if (reading === 'exact') {
      return { positionMs, ...(positionId === undefined ? {} : { positionId }), proven: true };
    }
    if (positionId !== undefined && (await ask(positionMs, positionId))) {
      return { positionMs, positionId, proven: true };
    }
  }
  return { positionMs: candidates[0].positionMs, proven: false };
}

async function read(file: string, options: FindOptions): Promise<DlsCheckpoint | undefined> {
  let text: string;
  let writtenAtMs: number;
  try {
    const found = await stat(file);
    if (!found.isFile()) return { file, problem: 'it is not a file' };
    if (found.size > longestFile) return { file, problem: 'it is far too long' };
    writtenAtMs = Math.floor(found.mtimeMs);
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    return { file, problem: messageOf(error) };
  }
  const parsed = parse(text.replace(/^\ufeff/, ''));
  if (typeof parsed === 'string') return { file, problem: parsed };
  const { value, id, zoned } = parsed;
  const positionId = id === undefined || id === '' ? {} : { positionId: id };
  const candidates = zoned
    ? readings(value, writtenAtMs, options.zoneOffsetMs ?? systemOffsetMs)
    : ([{ positionMs: value, reading: 'exact' }] as const);
  return { file, writtenAtMs, ...positionId, candidates };
}

interface Content {
  readonly value: number;
  readonly id?: string;
  /** DLS took Duo's UTC for this host's local time. */
  readonly zoned: boolean;
}

/**
 * What DLS 2.3.0 writes (measured): auth `["ms","txid"]`, exact; telephony and activity `"ms,id"`, 1 ms
 * later than the row and shifted by the zone; plain seconds, 1 s later than the row, for a row without id
 * and for v1 endpoints; plain milliseconds, 1 ms later, for trustmonitor. A string: what is wrong.
 */
function parse(text: string): Content | string {
  if (text.trim() === '') return 'it is empty';
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return 'it is not what Duo Log Sync writes';
  }
  if (Array.isArray(value)) {
    const [time, id] = value as readonly JsonValue[];
    const timeMs = toNumber(time);
    if (timeMs === undefined || typeof id !== 'string') return 'its list is not a time and an id';
    return timeMs < leastMs
      ? { value: timeMs * 1000, id, zoned: false }
      : { value: timeMs, id, zoned: false };
  }
  const [time, ...rest] = typeof value === 'string' ? value.split(',') : [];
  const number = toNumber(time ?? value);
  if (number === undefined) return 'it holds no time';
  if (number < leastMs) return { value: (number - 1) * 1000, zoned: false };
  const id = rest.join(',');
  return rest.length === 0
    ? { value: number - 1, zoned: false }
    : { value: number - 1, id, zoned: true };
}

function toNumber(value: JsonValue | undefined): number | undefined {
  const digits = typeof value === 'string' && /^\d{1,15}$/.test(value.trim());
  const number = digits ? Number(value) : typeof value === 'number' ? Math.floor(value) : NaN;
  return number > 0 && number < 8.64e15 ? number : undefined;
}

function readings(
  fileMs: number,
  writtenAtMs: number,
  zoneOffsetMs: (timeMs: number) => number,
): readonly [DlsCandidate, ...DlsCandidate[]] {
  const utc: DlsCandidate = { positionMs: fileMs, reading: 'utc' };
  // Two offsets in the hours after a change to summer time: clock times that never were got the old one.
  const offsets = new Set([zoneOffsetMs(fileMs), zoneOffsetMs(fileMs - 2 * 3_600_000)]);
  const local = [...offsets]
    .filter((offsetMs) => offsetMs !== 0)
    .map((offsetMs): DlsCandidate => ({ positionMs: fileMs + offsetMs, reading: 'local' }));
  const sorted = [utc, ...local].sort((a, b) => a.positionMs - b.positionMs);
  // DLS cannot have seen a row that came after it wrote the file.
  const possible = sorted.filter(({ positionMs }) => positionMs <= writtenAtMs + toleranceMs);
  const [first, ...others] = possible;
  return first === undefined ? [sorted[0] ?? utc] : [first, ...others];
}

function systemOffsetMs(timeMs: number): number {
  return -new Date(timeMs).getTimezoneOffset() * 60_000;
}
