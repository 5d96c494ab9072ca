import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { FileSystem } from '../core/atomic-file.ts';
import { systemCode } from '../core/errors.ts';
import type { FeedGap, GapKind, JsonValue } from '../core/types.ts';

/** A gap as it is kept until somebody acknowledges it. */
export interface GapRecord extends FeedGap {
  /** What a person types to acknowledge it. */
  readonly id: string;
  readonly toldMs: number;
  /** How many gaps of the feed this one stands for. */
  readonly times: number;
}

const kinds = ['reach', 'second', 'letters'] as const satisfies readonly GapKind[];
const shape = z.object({
  id: z.string(),
  kind: z.enum(kinds),
  key: z.string().optional(),
  feedId: z.string(),
  account: z.object({ id: z.string().optional(), name: z.string() }),
  endpoint: z.string(),
  serverId: z.string(),
  fromMs: z.number(),
  toMs: z.number(),
  toldMs: z.number(),
  times: z.number(),
  reason: z.string(),
});

export function gapsPath(stateDirectory: string): string {
  return join(stateDirectory, 'gaps.jsonl');
}

/** The same gap has the same id, also when it is found again after a crash. */
export function gapId({ kind, feedId, fromMs, key }: FeedGap): string {
  const text = JSON.stringify([kind, feedId, key ?? fromMs]);
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

export function encodeGap({ account, ...record }: GapRecord): Buffer {
  const whose = { ...(account.id === undefined ? {} : { id: account.id }), name: account.name };
  return Buffer.from(`${JSON.stringify({ ...record, account: whose })}\n`);
}

/** The file's gaps by id, in the order in which they were found; the last line of an id counts. */
export async function readGaps(path: string, fs: FileSystem): Promise<Map<string, GapRecord>> {
  const records = new Map<string, GapRecord>();
  for (const line of (await textOf(path, fs)).split('\n')) {
    const record = decodeGap(line);
    if (record !== undefined) records.set(record.id, record);
  }
  return records;
}

async function textOf(path: string, fs: FileSystem): Promise<string> {
  try {
    return Buffer.from(await fs.readFile(path)).toString('utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** A line that a crash tore tells nothing: its gap is found again, because no checkpoint had passed it. */
function decodeGap(line: string): GapRecord | undefined {
  let value: JsonValue;
  try {
    value = JSON.parse(line) as JsonValue;
  } catch {
    return undefined;
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) return undefined;
  const { account, key, ...record } = parsed.data;
  const whose = { id: account.id, name: account.name };
  return { ...record, account: whose, ...(key === undefined ? {} : { key }) };
}
