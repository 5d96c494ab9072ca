import { decodeLetter } from './letter.ts';
import { wholeLines } from './whole-lines.ts';

/** What an existing file holds. */
export interface Kept {
  /** Length up to the last newline. */
  readonly bytes: number;
  /** What comes after it: a line that a crash tore. */
  readonly tornBytes: number;
  /** Letters by feed id. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Counts the letters of each feed. A line that is damaged is still there for a person to read; it only is not counted. */
export async function readKept(path: string): Promise<Kept> {
  const counts = new Map<string, number>();
  const lines = wholeLines(path);
  let bytes = 0;
  for (;;) {
    const { done, value } = await lines.next();
    if (done === true) return { bytes, tornBytes: value.length, counts };
    bytes += value.length + 1;
    const feed = decodeLetter(value)?.feedId;
    if (feed !== undefined) counts.set(feed, (counts.get(feed) ?? 0) + 1);
  }
}
