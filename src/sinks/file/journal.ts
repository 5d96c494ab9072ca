import { createHash } from 'node:crypto';
import { isObject } from '../../core/row.ts';
import type { JsonObject, JsonValue, Mark } from '../../core/types.ts';
import { type BesidePage, decodePages, encodePages } from './beside.ts';

/** Where a file ended before a page; its path is relative to the archive, with `/`. */
export interface FileEnd {
  readonly path: string;
  readonly length: number;
}

export interface Page {
  readonly number: number;
  readonly files: readonly FileEnd[];
}

/** What a feed is about to append, on disk before the first byte of it is. */
export interface Journal {
  readonly feedId: string;
  readonly endpoint: string;
  readonly accountId: string | undefined;
  /** The Duo that the events come from. */
  readonly apiHost: string;
  /** Made at random with the feed's first page: tells this archive from any other with the same names. */
  readonly history: string;
  /** The last pages, the newest at the end; empty only when all there is came from beside. */
  readonly pages: readonly Page[];
  /** The last page of each reading of the past; the last of all may not be done. */
  readonly beside?: readonly BesidePage[];
}

/** What the checkpoint keeps of an archive. */
export interface ArchiveMark {
  readonly directory: string;
  /** The name of the journal: another one than now when the server has been renamed since. */
  readonly journal: string;
  readonly history: string;
  /** The last page that is wholly written. */
  readonly page: number;
}

// A checkpoint may fall back to the generation before, so more than one page can be beyond it.
export const pagesKept = 4;

export function encodeJournal(journal: Journal): Uint8Array {
  const body = {
    format: 1,
    feed: journal.feedId,
    endpoint: journal.endpoint,
    account: journal.accountId ?? null,
    host: journal.apiHost,
    history: journal.history,
    pages: journal.pages.map(({ number, files }) => ({
      number,
      files: files.map(({ path, length }) => [path, length]),
    })),
    ...encodePages(journal.beside ?? []),
  };
  return Buffer.from(`${JSON.stringify({ ...body, sha256: hashOf(body) })}\n`);
}

/** The journal, or in a few words why it is none. Never throws. */
export function decodeJournal(bytes: Uint8Array): Journal | string {
  let value: JsonValue;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonValue;
  } catch {
    return bytes.length === 0 ? 'it is empty' : 'it is not JSON';
  }
  if (!isObject(value)) return 'it is no object';
  const { sha256, ...body } = value;
  if (sha256 !== hashOf(body)) return 'its checksum is wrong';
  if (body['format'] !== 1) return 'a newer duologsync wrote it';
  const { feed, endpoint, account, host, history } = body;
  const beside = decodePages(body['beside'], fileEndOf);
  const pages = pagesOf(body['pages'], (beside?.length ?? 0) > 0);
  if (
    typeof feed !== 'string' ||
    typeof endpoint !== 'string' ||
    typeof host !== 'string' ||
    typeof history !== 'string' ||
    !(account === null || typeof account === 'string') ||
    pages === undefined ||
    beside === undefined
  )
    return 'its shape is wrong';
  const accountId = account ?? undefined;
  return {
    ...{ feedId: feed, endpoint, accountId, apiHost: host, history, pages },
    ...(beside.length === 0 ? {} : { beside }),
  };
}

function pagesOf(value: JsonValue | undefined, mayBeEmpty: boolean): readonly Page[] | undefined {
  if (!Array.isArray(value) || (value.length === 0 && !mayBeEmpty)) return undefined;
  const pages = (value as readonly JsonValue[]).map((page) => {
    if (!isObject(page)) return undefined;
    const { number, files } = page;
    if (!isCount(number) || !Array.isArray(files)) return undefined;
    const ends = (files as readonly JsonValue[]).map(fileEndOf);
    return ends.every((end) => end !== undefined) ? { number, files: ends } : undefined;
  });
  if (!pages.every((page) => page !== undefined)) return undefined;
  const inARow = pages.every(({ number }, index) => number === (pages[0]?.number ?? 0) + index);
  return inARow ? pages : undefined;
}

function fileEndOf(value: JsonValue): FileEnd | undefined {
  if (!Array.isArray(value)) return undefined;
  const [path, length] = value as readonly JsonValue[];
  if (typeof path !== 'string' || !isCount(length)) return undefined;
  // No template makes a path that leads out of the archive.
  const leads = path.split('/').some((name) => name === '' || name.startsWith('.'));
  return leads || path.includes('\\') || path.includes('\0') ? undefined : { path, length };
}

/** The checkpoint's mark; undefined for that of any other kind of server. */
export function archiveMark(mark: Mark | undefined): ArchiveMark | undefined {
  if (!isObject(mark)) return undefined;
  const { directory, journal, history, page } = mark;
  if (typeof directory !== 'string' || typeof history !== 'string' || !isCount(page))
    return undefined;
  if (typeof journal !== 'string' || !/^[a-z0-9_]*-[0-9a-f]{16}\.json$/.test(journal))
    return undefined;
  return { directory, journal, history, page };
}

export function markOf({ directory, journal, history, page }: ArchiveMark): JsonObject {
  return { directory, journal, history, page };
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function hashOf(body: JsonObject | object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}
