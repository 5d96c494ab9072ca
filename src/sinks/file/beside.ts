/** Pages that a reading of the past appends to the files of a feed, which goes on writing there itself. */
import { createHash } from 'node:crypto';
import { isObject } from '../../core/row.ts';
import type { JsonObject, JsonValue, Line } from '../../core/types.ts';
import type { ArchiveFolder } from './folder.ts';
import type { FileEnd } from './journal.ts';

/** What is appended to one file: where it begins, how long it is, and what it is. */
export interface Addition extends FileEnd {
  readonly bytes: number;
  readonly sha256: string;
}

/** The last page of such a reading. No checkpoint tells of it: after a crash its own bytes say whether it is whole. */
export interface BesidePage {
  /** The reading that it belongs to. */
  readonly key: string;
  readonly files: readonly Addition[];
  /** Its events: who begins the page again leaves them out. */
  readonly ids: string;
  /** It was wholly written; whatever happens to the files later says nothing more of it. */
  readonly done: boolean;
}

// A reading that was broken off by a crash finds its page also after another one has been run.
const readingsKept = 2;
const hashBytes = 8;

/** A page that is about to be appended, or what is left of it; `lines`: all of it. */
export function besidePage(
  key: string,
  lines: readonly Line[],
  ends: readonly FileEnd[],
  texts: ReadonlyMap<string, Uint8Array>,
): BesidePage {
  const files = ends.map((end) => {
    const bytes = texts.get(end.path) ?? new Uint8Array();
    return { ...end, bytes: bytes.length, sha256: sha256(bytes) };
  });
  return { key, ids: Buffer.concat(lines.map(hashOf)).toString('base64'), files, done: false };
}

/** The lines that a page does not hold yet. */
export function without(lines: readonly Line[], page: BesidePage | undefined): readonly Line[] {
  if (page === undefined) return lines;
  const bytes = Buffer.from(page.ids, 'base64');
  const known = new Set<string>();
  for (let at = 0; at < bytes.length; at += hashBytes)
    known.add(bytes.toString('latin1', at, at + hashBytes));
  return lines.filter((line) => !known.has(hashOf(line).toString('latin1')));
}

/** The pages to keep when `page` is the newest. */
export function withNewest(pages: readonly BesidePage[], page: BesidePage): readonly BesidePage[] {
  return [...pages.filter(({ key }) => key !== page.key).slice(1 - readingsKept), page];
}

/**
 * After a crash: a page that was under way counts when all of it is there, else it goes. What a feed's own page left
 * is kept where another page has been appended since (`isKept`). Throws the system's errors.
 */
export async function decided(
  found: { readonly beside: readonly BesidePage[]; readonly beyond: readonly FileEnd[] },
  folder: ArchiveFolder,
): Promise<{ beside: readonly BesidePage[]; beyond: readonly FileEnd[]; isKept: boolean }> {
  let { beside, beyond } = found;
  const last = beside.at(-1);
  if (last?.done === false) {
    const whole = await isWhole(last, folder);
    // Whether all of it was synced is not known.
    if (whole) for (const { path } of last.files) await folder.secure(path);
    beside = whole ? [...beside.slice(0, -1), { ...last, done: true }] : beside.slice(0, -1);
    if (!whole) beyond = [...beyond, ...last.files];
  }
  const isLast = ({ path, length }: FileEnd): boolean =>
    !beside.some(({ files }) => files.some((one) => one.path === path && one.length >= length));
  const mayGo = beyond.filter(isLast);
  return { beside, beyond: mayGo, isKept: mayGo.length < beyond.length };
}

async function isWhole({ files }: BesidePage, folder: ArchiveFolder): Promise<boolean> {
  for (const { path, length, bytes, sha256: wanted } of files) {
    const at = async (begin: number): Promise<boolean> => {
      const found = await folder.read({ path, length: begin }, bytes);
      return found !== undefined && sha256(found) === wanted;
    };
    // Behind half a line of somebody else's a newline comes first.
    if (!(await at(length)) && !(await at(length + 1))) return false;
  }
  return true;
}

export function encodePages(pages: readonly BesidePage[]): JsonObject {
  if (pages.length === 0) return {};
  return {
    beside: pages.map(({ key, done, ids, files }) => ({
      ...{ key, done, ids },
      files: files.map(({ path, length, bytes, sha256: hash }) => [path, length, bytes, hash]),
    })),
  };
}

/** Undefined when it is not what `encodePages` makes. `isEnd`: whether path and length may be those of a file here. */
export function decodePages(
  value: JsonValue | undefined,
  isEnd: (value: JsonValue) => FileEnd | undefined,
): readonly BesidePage[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return undefined;
  const pages = (value as readonly JsonValue[]).map((page): BesidePage | undefined => {
    if (!isObject(page) || !Array.isArray(page['files'])) return undefined;
    const { key, done, ids } = page;
    const files = (page['files'] as readonly JsonValue[]).map((file): Addition | undefined => {
      const end = isEnd(file);
      const [, , bytes, hash] = Array.isArray(file) ? (file as readonly JsonValue[]) : [];
      if (end === undefined || typeof bytes !== 'number' || typeof hash !== 'string')
        return undefined;
      return { ...end, bytes, sha256: hash };
    });
    if (typeof key !== 'string' || typeof done !== 'boolean' || typeof ids !== 'string')
      return undefined;
    return files.every((file) => file !== undefined) ? { key, done, ids, files } : undefined;
  });
  return pages.every((page) => page !== undefined) ? pages : undefined;
}

function hashOf({ id, timeMs }: Line): Buffer {
  return createHash('sha256').update(`${timeMs} ${id}`).digest().subarray(0, hashBytes);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
