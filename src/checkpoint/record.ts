import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { JsonValue } from '../core/types.ts';
import type { FeedIdentity, StoredCheckpoint } from './checkpoint.ts';

/** A feed's record on disk. Every later format keeps `format` and `sha256` as they are. */
export interface CheckpointRecord extends StoredCheckpoint {
  /** Grows with every save of a feed; unlike time it never jumps. */
  readonly sequence: number;
}

export type Reading =
  | { readonly kind: 'good'; readonly record: CheckpointRecord }
  | { readonly kind: 'newer'; readonly format: number }
  | { readonly kind: 'bad'; readonly why: string };

const thisFormat = 1;
// Times are whole, but a record must not become unreadable because one is not.
const timeMs = z.number().nonnegative().max(8.64e15);
const count = z.number().int().nonnegative();

const windowSchema = z.object({
  mintimeMs: timeMs,
  endMs: timeMs,
  offset: z.exactOptional(z.string()),
  nowMs: timeMs,
  fromMs: timeMs,
  rereadPages: z.exactOptional(count),
  empties: z.exactOptional(count),
  restarted: z.exactOptional(z.boolean()),
  newestMs: z.exactOptional(timeMs),
  lastPage: z.exactOptional(z.string()),
});

const cursorSchema = z.object({
  positionMs: timeMs,
  positionId: z.exactOptional(z.string()),
  readToMs: timeMs,
  rereadAtMs: timeMs,
  rereadToMs: z.exactOptional(timeMs),
  rereadsBroken: z.exactOptional(z.int().min(1)),
  idsSinceMs: timeMs,
  taken: z.string(),
  fullest: count,
  window: z.exactOptional(windowSchema),
});

const recordSchema = z.object({
  format: z.literal(thisFormat),
  identity: z.object({
    accountId: z.exactOptional(z.string()),
    endpoint: z.string(),
    server: z.object({
      id: z.string(),
      protocol: z.string(),
      hostname: z.string(),
      port: z.number(),
    }),
  }),
  cursor: cursorSchema,
  mark: z.exactOptional(z.unknown()),
  savedAtMs: z.number(),
  sequence: count,
});

/** One JSON object and a line feed; `sha256` is that of the object without it, as JSON.stringify writes it. */
export function encodeRecord(record: CheckpointRecord): Uint8Array {
  const { cursor, mark } = record.checkpoint;
  const body = {
    format: thisFormat,
    identity: record.identity,
    cursor,
    ...(mark === undefined ? {} : { mark }),
    savedAtMs: record.savedAtMs,
    sequence: record.sequence,
  };
  const text = JSON.stringify({ ...body, sha256: hashOf(body) });
  return new TextEncoder().encode(`${text}\n`);
}

/** Never throws. `identity` guards against a file that was copied from another feed. */
export function decodeRecord(bytes: Uint8Array, identity?: FeedIdentity): Reading {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return bad(bytes.length === 0 ? 'it is empty' : 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return bad('it is no object');
  const { sha256, ...body } = value as Record<string, unknown>;
  if (sha256 !== hashOf(body)) return bad('its checksum is wrong');
  const format = body['format'];
  if (typeof format === 'number' && format > thisFormat) return { kind: 'newer', format };
  const parsed = recordSchema.safeParse(body);
  if (!parsed.success)
    return bad(`its shape is wrong: ${z.prettifyError(parsed.error).replace(/\s+/g, ' ')}`);
  const { identity: found, cursor, mark, savedAtMs, sequence } = parsed.data;
  const owner: FeedIdentity = { ...found, accountId: found.accountId };
  if (identity !== undefined && !sameFeed(identity, owner))
    return bad('it belongs to another feed');
  const checkpoint = { cursor, ...(mark === undefined ? {} : { mark: mark as JsonValue }) };
  return { kind: 'good', record: { identity: owner, checkpoint, savedAtMs, sequence } };
}

/** The server's id names the feed; where that server is may change. */
export function sameFeed(a: FeedIdentity, b: FeedIdentity): boolean {
  return sameSource(a, b) && a.server.id === b.server.id;
}

export function sameSource(a: FeedIdentity, b: FeedIdentity): boolean {
  return a.accountId === b.accountId && a.endpoint === b.endpoint;
}

export function sameAddress(a: FeedIdentity, b: FeedIdentity): boolean {
  return (
    a.server.protocol === b.server.protocol &&
    a.server.hostname === b.server.hostname &&
    a.server.port === b.server.port
  );
}

function hashOf(body: object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}

function bad(why: string): Reading {
  return { kind: 'bad', why };
}
