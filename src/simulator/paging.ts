import type { WindowQuery } from './requests.ts';
import type { Switches } from './options.ts';
import { firstAt, msOf } from './store.ts';
import type { StoredRow } from './store.ts';

export interface PageOfRows {
  readonly rows: readonly StoredRow[];
  /** How many rows of the window are visible, cursor or not. */
  readonly total: number;
  /** More rows follow this page. */
  readonly more: boolean;
}

type PagingSwitches = Pick<Switches, 'maxtimeUnit' | 'mintimeWithOffset'>;

/** The visible rows of a window of a v2 log, after the cursor, in the order asked for. */
export function windowPage(
  rows: readonly StoredRow[],
  query: WindowQuery,
  nowMs: number,
  switches: PagingSwitches,
): PageOfRows {
  const shown = (row: StoredRow | undefined): row is StoredRow =>
    row !== undefined &&
    row.visibleAtMs <= nowMs &&
    (switches.maxtimeUnit === 'ms' || row.spec.timeUs <= query.maxtimeMs * 1000);
  const from = firstAt(rows, query.mintimeMs);
  const to = firstAt(rows, query.maxtimeMs + 1);
  let total = 0;
  for (let at = from; at < to; at += 1) if (shown(rows[at])) total += 1;
  const bounds = afterCursor(rows, query, from, to, switches.mintimeWithOffset === 'ignored');
  const step = query.ascending ? 1 : -1;
  const page: StoredRow[] = [];
  let at = query.ascending ? bounds.from : bounds.to - 1;
  for (; at >= bounds.from && at < bounds.to; at += step) {
    const row = rows[at];
    if (!shown(row)) continue;
    if (page.length === query.limit) return { rows: page, total, more: true };
    page.push(row);
  }
  return { rows: page, total, more: false };
}

/** The part of [from, to) that lies behind the cursor: after its row, or where that row would be. */
function afterCursor(
  rows: readonly StoredRow[],
  { after, ascending }: WindowQuery,
  from: number,
  to: number,
  mintimeIgnored: boolean,
): { from: number; to: number } {
  if (after === undefined) return { from, to };
  const start = firstAt(rows, after.ms);
  const ids = rows.slice(start, firstAt(rows, after.ms + 1)).map((row) => row.spec.id);
  const exact = ids.indexOf(after.id);
  const later = ids.findIndex((id) => id > after.id);
  const at = start + (exact >= 0 ? exact : later >= 0 ? later : ids.length);
  if (!ascending) return { from, to: Math.min(to, at) };
  const next = exact >= 0 ? at + 1 : at;
  return { from: mintimeIgnored ? next : Math.max(from, next), to };
}

/** The earliest visible rows of a v1 log at or after a second. */
export function earliestPage(
  rows: readonly StoredRow[],
  sinceMs: number,
  limit: number,
  nowMs: number,
): PageOfRows {
  const page: StoredRow[] = [];
  for (let at = firstAt(rows, sinceMs); at < rows.length; at += 1) {
    const row = rows[at];
    if (row === undefined || row.visibleAtMs > nowMs) continue;
    if (page.length === limit) return { rows: page, total: page.length, more: true };
    page.push(row);
  }
  return { rows: page, total: page.length, more: false };
}

/** Rows of the same second in another order, a different one for every seed. */
export function shuffleSeconds(rows: readonly StoredRow[], seed: number): StoredRow[] {
  const weight = (index: number): number => {
    const mixed = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b);
    return Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35) >>> 8;
  };
  return rows
    .map((row, index) => ({ row, weight: weight(index) }))
    .sort((a, b) => msOf(a.row.spec) - msOf(b.row.spec) || a.weight - b.weight)
    .map(({ row }) => row);
}
