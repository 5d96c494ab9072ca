import { createHash } from 'node:crypto';
import { isoTime } from '../core/iso-time.ts';
import { isObject } from '../core/row.ts';
import type { DeadLetter, JsonObject, JsonValue } from '../core/types.ts';

/** A letter out of the file. */
export interface StoredLetter extends DeadLetter {
  /** What a person types to name it; the same event put aside twice has it twice. */
  readonly id: string;
  /** When it was put aside, as the file says it. */
  readonly at: string;
}

/** One line of the file with its newline; bytes as `text` and `row` where they are UTF-8, else as base64. */
export function encodeLetter(letter: DeadLetter, nowMs: number): Buffer {
  const { account, line, row } = letter;
  const record = {
    at: isoTime(nowMs),
    feed: letter.feedId,
    account: {
      ...(account.id === undefined ? {} : { id: account.id }),
      name: account.name,
      host: account.apiHost,
    },
    endpoint: letter.endpoint,
    server: letter.serverId,
    event: letter.eventId,
    time: isoTime(letter.timeMs),
    reason: letter.reason,
    detail: letter.detail,
    ...(line === undefined ? {} : spell('text', 'base64', line)),
    ...(row === undefined ? {} : spell('row', 'row_base64', row)),
  };
  return Buffer.from(`${JSON.stringify(record)}\n`);
}

/** Undefined for a line that is damaged, or no letter. */
export function decodeLetter(bytes: Buffer): StoredLetter | undefined {
  const record = parse(bytes);
  if (record === undefined || !isObject(record['account'])) return undefined;
  const { name, host, id: accountId } = record['account'];
  const text = (key: string): string => (typeof record[key] === 'string' ? record[key] : '');
  const [feedId, endpoint, serverId] = [text('feed'), text('endpoint'), text('server')];
  if (feedId === '' || endpoint === '' || serverId === '') return undefined;
  const line = bytesOf(record['text'], record['base64']);
  const row = bytesOf(record['row'], record['row_base64']);
  const letter = {
    feedId,
    account: {
      id: typeof accountId === 'string' ? accountId : undefined,
      name: typeof name === 'string' ? name : '',
      apiHost: typeof host === 'string' ? host : '',
    },
    endpoint,
    serverId,
    eventId: text('event'),
    timeMs: timeOf(text('time')),
    reason: text('reason'),
    detail: text('detail'),
    ...(line === undefined ? {} : { line }),
    ...(row === undefined ? {} : { row }),
  };
  return { ...letter, id: letterId(letter), at: text('at') };
}

/** Not of the time at which it was put aside: a page that is read again after a crash makes the same letters. */
export function letterId(letter: DeadLetter): string {
  const { feedId, eventId, line, row } = letter;
  const hash = createHash('sha256').update(JSON.stringify([feedId, eventId]));
  for (const bytes of [line, row]) hash.update('\n').update(bytes ?? '');
  return hash.digest('hex').slice(0, 16);
}

function spell(text: string, base64: string, bytes: Uint8Array): JsonObject {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = buffer.toString('utf8');
  if (Buffer.from(read).equals(buffer)) return { [text]: read };
  return { [base64]: buffer.toString('base64') };
}

function bytesOf(text: JsonValue | undefined, base64: JsonValue | undefined): Buffer | undefined {
  if (typeof text === 'string') return Buffer.from(text);
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined;
}

function timeOf(text: string): number {
  const dateMs = Date.parse(text);
  const timeMs = Number.isNaN(dateMs) ? Number(text) : dateMs;
  return Number.isFinite(timeMs) ? timeMs : 0;
}

function parse(bytes: Buffer): JsonObject | undefined {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as JsonValue;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
