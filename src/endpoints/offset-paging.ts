import { ForwarderError } from '../core/errors.ts';
import { isObject, type Row } from '../core/row.ts';
import type { ApiAnswer, JsonValue, Params, Window } from '../core/types.ts';
import type { Endpoint } from './endpoint.ts';

/** Duo's bound; a higher limit is silently lowered to it. */
export const pageLimit = 1000;

/** The parameters of Duo's v2 logs, in milliseconds. Duo's own default order is newest first. */
export function offsetParams(window: Window): Params {
  return {
    mintime: String(Math.floor(window.mintimeMs)),
    maxtime: String(Math.floor(window.endMs)),
    limit: String(pageLimit),
    sort: 'ts:asc',
    ...(window.offset !== undefined && { next_offset: window.offset }),
  };
}

/**
 * The rows of the list with this key ('' when `response` is the list). Throws `duo_wrong_shape` when there is
 * none, or one of other things than objects. One odd row among others is passed on with them.
 */
export function rowsOf(answer: ApiAnswer, key: string): Row[] {
  const where = key === '' ? 'as its response' : `as response.${key}`;
  const rows = answer.lists.get(key)?.rows();
  if (rows === undefined) throw wrongShape(`Duo's answer has no list of rows ${where}.`);
  if (rows.length > 0 && !rows.some(isObjectText)) {
    throw wrongShape(`Duo's answer has a list ${where}, but none of its rows is an object.`);
  }
  return rows;
}

function isObjectText({ source }: Row): boolean {
  return source[0] === 0x7b;
}

function wrongShape(message: string): ForwarderError {
  return new ForwarderError('duo_wrong_shape', message, {
    scope: 'source',
    hint: 'Duo changed the answer of this endpoint, or something between here and Duo answered in its place. It is asked again; if it lasts, look for an update of duologsync.',
  });
}

/**
 * What continues after this page, as one text; undefined at the end. Duo sends `["ms","id"]`, `"ms,id"`,
 * a number, `[]`, null or nothing. One value joined by a comma: clients and Duo sort repeated names differently.
 */
export function nextOffset(answer: ApiAnswer): string | undefined {
  const offset = answer.metadata['next_offset'];
  if (Array.isArray(offset)) {
    const parts = (offset as readonly JsonValue[]).map(offsetText);
    return parts.includes(undefined) || parts.length === 0 ? undefined : parts.join(',');
  }
  return offsetText(offset);
}

function offsetText(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** `metadata.total_objects`: a number, or `{ relation, value }` (both occur in Duo's own clients' tests). */
export function totalOf(answer: ApiAnswer): number | undefined {
  const total = answer.metadata['total_objects'];
  const value = isObject(total) ? total['value'] : total;
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

/** How all of Duo's v2 logs are asked and read. */
export const v2Log = {
  unit: 'ms',
  hasEnd: true,
  ordered: true,
  pageLimit,
  params: offsetParams,
  offset: nextOffset,
  total: totalOf,
} satisfies Partial<Endpoint>;

/** Duo's id under this key; undefined when it is not a text with something in it. */
export function idOf(row: Row, key: string): string | undefined {
  const id = row.value(key);
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** The text at `value`, or the fallback when it is no text or empty. */
export function textOr(value: JsonValue | undefined, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}
