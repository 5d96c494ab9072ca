import { join } from 'node:path';
import { type FileSystem, nodeFileSystem, writeAtomic } from '../core/atomic-file.ts';
import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';
import { isObject } from '../core/row.ts';
import type { JsonValue } from '../core/types.ts';
import type { GapRecord } from './gap-record.ts';

/** Up to which time each gap is acknowledged, by its id. */
export type Acknowledged = ReadonlyMap<string, number>;

const format = 1;
const hourMs = 3_600_000;

/** Written by the command, read by the program: each file has one writer. */
export function acknowledgedPath(stateDirectory: string): string {
  return join(stateDirectory, 'gaps-acknowledged.json');
}

/** Whether a gap that reaches so far has been acknowledged. */
export function isAcknowledged(
  { id, kind, toMs }: Pick<GapRecord, 'id' | 'kind' | 'toMs'>,
  acknowledged: Acknowledged,
): boolean {
  const upToMs = acknowledged.get(id);
  if (upToMs === undefined) return false;
  // Found again after a crash, the edge of what Duo keeps has moved on a little.
  return toMs <= upToMs + (kind === 'reach' ? hourMs : 0);
}

/** Empty when there is none. Throws `acknowledged_unreadable` for a file that is damaged or not ours. */
export async function readAcknowledged(
  path: string,
  fs: FileSystem = nodeFileSystem,
): Promise<Map<string, number>> {
  try {
    const text = Buffer.from(await fs.readFile(path)).toString('utf8');
    const value = JSON.parse(text) as JsonValue;
    if (!isObject(value) || value['format'] !== format || !isObject(value['upToMs'])) {
      throw new Error('its shape is unknown');
    }
    const entries = Object.entries(value['upToMs']);
    return new Map(entries.flatMap(([id, ms]) => (typeof ms === 'number' ? [[id, ms]] : [])));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return new Map();
    throw new ForwarderError(
      'acknowledged_unreadable',
      `${path} cannot be read: ${messageOf(error)}`,
      {
        hint: 'Move that file away and acknowledge again what is known: duologsync gaps --ack.',
        cause: error,
      },
    );
  }
}

/** Resolves when it is on disk, whole. Throws `acknowledged_unwritable`; then the old file is as it was. */
export async function saveAcknowledged(
  path: string,
  acknowledged: Acknowledged,
  fs: FileSystem = nodeFileSystem,
): Promise<void> {
  const text = JSON.stringify({ format, upToMs: Object.fromEntries(acknowledged) });
  try {
    await writeAtomic(path, Buffer.from(`${text}\n`), { fs });
  } catch (error) {
    throw new ForwarderError(
      'acknowledged_unwritable',
      `${path} cannot be written: ${messageOf(error)}`,
      { hint: 'Free space on that disk, then acknowledge again.', cause: error },
    );
  }
}
