import { ForwarderError } from './errors.ts';
import {
  byte,
  eachElement,
  eachMember,
  JsonFault,
  maxDepth,
  skipSpace,
  skipValue,
} from './json-scan.ts';
import { isObject } from './row.ts';
import { RowList } from './row-list.ts';
import type { ApiAnswer, JsonObject, JsonValue } from './types.ts';

const decoder = new TextDecoder();

/** Levels inside a row: whoever cannot write it sets it aside alone, and the page is not held up by it. */
const deepestRow = 100_000;

/** Duo's envelope, whatever its `stat`. A part of the wrong type counts as absent. */
export interface Envelope extends ApiAnswer {
  readonly stat?: string;
  /** Duo also sends it as text, and as the empty text. */
  readonly code?: number;
  readonly message?: string;
  readonly messageDetail?: string;
}

/**
 * Checks an answer's body in one pass (RFC 8259, strict; a repeated key counts with its last value) and
 * cuts its lists into rows that share the body's memory. Throws `duo_bad_json` or, past 64 levels around the
 * rows, `duo_too_deep` (both retry, source), which name the position and never quote the body.
 */
export function readAnswer(body: Uint8Array): Envelope {
  try {
    return read(body);
  } catch (error) {
    if (error instanceof JsonFault) throw badAnswer(error, body.length);
    throw error;
  }
}

function read(body: Uint8Array): Envelope {
  const parts = new Map<string, JsonValue>();
  let response: ResponseParts = { lists: new Map(), end: 0 };
  const start = skipSpace(body, 0);
  const end =
    body[start] === byte.openObject
      ? eachMember(body, start, 0, (keyStart, keyEnd, value) => {
          const key = textOf(body, keyStart, keyEnd);
          if (key === 'response') {
            response = readResponse(body, value);
            return response.end;
          }
          const valueEnd = skipValue(body, value, 1);
          if (envelopeKeys.has(key)) parts.set(key, parse(body, value, valueEnd));
          return valueEnd;
        })
      : skipValue(body, start, 0);
  const rest = end < body.length ? skipSpace(body, end) : end;
  if (rest !== body.length) throw new JsonFault(rest);
  return envelopeOf(parts, response, body.length);
}

const envelopeKeys: ReadonlySet<string> = new Set([
  'stat',
  'code',
  'message',
  'message_detail',
  'metadata',
]);

function envelopeOf(
  parts: ReadonlyMap<string, JsonValue>,
  response: ResponseParts,
  size: number,
): Envelope {
  const top = parts.get('metadata');
  const stat = parts.get('stat');
  const code = codeOf(parts.get('code'));
  const message = parts.get('message');
  const messageDetail = parts.get('message_detail');
  return {
    lists: response.lists,
    metadata: response.metadata ?? (isObject(top) ? top : {}),
    size,
    ...(typeof stat === 'string' && { stat }),
    ...(code !== undefined && { code }),
    ...(typeof message === 'string' && { message }),
    ...(typeof messageDetail === 'string' && { messageDetail }),
  };
}

function codeOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

interface ResponseParts {
  readonly lists: Map<string, RowList>;
  readonly metadata?: JsonObject;
  readonly end: number;
}

function readResponse(body: Uint8Array, at: number): ResponseParts {
  const lists = new Map<string, RowList>();
  if (body[at] === byte.openList) return { lists, end: readList(body, at, 1, lists, '') };
  if (body[at] !== byte.openObject) return { lists, end: skipValue(body, at, 1) };
  let metadata: JsonValue | undefined;
  const end = eachMember(body, at, 1, (keyStart, keyEnd, value) => {
    const key = textOf(body, keyStart, keyEnd);
    if (body[value] === byte.openList) return readList(body, value, 2, lists, key);
    lists.delete(key);
    const valueEnd = skipValue(body, value, 2);
    if (key === 'metadata') metadata = parse(body, value, valueEnd);
    return valueEnd;
  });
  return isObject(metadata) ? { lists, metadata, end } : { lists, end };
}

function readList(
  body: Uint8Array,
  at: number,
  depth: number,
  lists: Map<string, RowList>,
  key: string,
): number {
  const list = new RowList(body, at);
  lists.set(key, list);
  const end = eachElement(body, at, depth, (value) => {
    const from = list.places.length;
    const valueEnd = skipValue(body, value, maxDepth - deepestRow, list.places);
    list.add(value, valueEnd, from);
    return valueEnd;
  });
  list.end = end;
  return end;
}

function textOf(body: Uint8Array, start: number, end: number): string {
  const text = parse(body, start, end);
  return typeof text === 'string' ? text : '';
}

function parse(body: Uint8Array, start: number, end: number): JsonValue {
  return JSON.parse(decoder.decode(body.subarray(start, end))) as JsonValue;
}

function badAnswer(fault: JsonFault, size: number): ForwarderError {
  const where = `at byte ${fault.at} of ${size}`;
  if (fault.tooDeep) {
    return new ForwarderError('duo_too_deep', `The answer is nested too deep ${where}.`, {
      scope: 'source',
      cause: fault,
      hint: 'Duo sent a structure that this version does not read; it is asked again, and an update of duologsync may be needed.',
    });
  }
  return new ForwarderError('duo_bad_json', `The answer is not valid JSON ${where}.`, {
    scope: 'source',
    cause: fault,
    hint: 'The answer was cut off, or something between here and Duo answered in its place: if it lasts, look at the proxy and firewall. It is asked again until it is whole.',
  });
}
