import { createReadStream } from 'node:fs';
import { isObject } from '../core/row.ts';
import type { JsonValue } from '../core/types.ts';

/** What an existing file holds. */
export interface Kept {
  /** Length up to the last newline. */
  readonly bytes: number;
  /** What comes after it: a line that a crash tore. */
  readonly tornBytes: number;
  readonly counts: ReadonlyMap<string, number>;
}

const newline = 0x0a;

/** Counts the letters of each feed, a piece of the file at a time. */
export async function readKept(path: string): Promise<Kept> {
  const counts = new Map<string, number>();
  let bytes = 0;
  let rest: Buffer[] = [];
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let at = piece.indexOf(newline); at >= 0; at = piece.indexOf(newline, start)) {
      const line = Buffer.concat([...rest, piece.subarray(start, at)]);
      rest = [];
      start = at + 1;
      bytes += line.length + 1;
      const feed = feedOf(line);
      if (feed !== undefined) counts.set(feed, (counts.get(feed) ?? 0) + 1);
    }
    if (start < piece.length) rest.push(piece.subarray(start));
  }
  return { bytes, tornBytes: rest.reduce((sum, piece) => sum + piece.length, 0), counts };
}

// A line that is damaged is still there for a person to read; it only is not counted.
function feedOf(line: Buffer): string | undefined {
  try {
    const record = JSON.parse(line.toString('utf8')) as JsonValue;
    const feed = isObject(record) ? record['feed'] : undefined;
    return typeof feed === 'string' ? feed : undefined;
  } catch {
    return undefined;
  }
}
