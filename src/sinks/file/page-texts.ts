import { type ArchiveLayout, pathsFor } from '../../core/path-template.ts';
import type { Line, Origin } from '../../core/types.ts';

const newline = Buffer.from('\n');

/** What a page appends to each of its files, by the events' own times. */
export function pageTexts(
  layout: ArchiveLayout,
  { account, endpoint }: Origin,
  lines: readonly Line[],
): ReadonlyMap<string, Uint8Array> {
  const pathOf = pathsFor(layout, { endpoint, accountId: account.id });
  const parts = new Map<string, Uint8Array[]>();
  for (const { bytes, timeMs } of lines) {
    const path = pathOf(timeMs);
    const part = parts.get(path);
    if (part === undefined) parts.set(path, [bytes, newline]);
    else part.push(bytes, newline);
  }
  return new Map([...parts].map(([path, part]) => [path, Buffer.concat(part)]));
}
