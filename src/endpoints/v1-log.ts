import { firstTimeMs } from '../core/event-time.ts';
import type { Endpoint } from './endpoint.ts';
import { pageLimit, rowsOf } from './offset-paging.ts';

/**
 * How Duo's v1 logs are asked and read: seconds, no end, no offset, no ids; each answer holds the earliest
 * 1000 rows (sometimes a few more) at or after `mintime`, which Duo compares with `timestamp`.
 */
export const v1Log = {
  unit: 's',
  hasEnd: false,
  ordered: true,
  pageLimit,
  params: (window) => ({ mintime: String(Math.floor(window.mintimeMs / 1000)) }),
  rows: (answer) => rowsOf(answer, ''),
  offset: () => undefined,
  total: () => undefined,
  id: () => undefined,
  timeMs: (row) => firstTimeMs(row.value('timestamp'), row.value('isotimestamp')),
} satisfies Partial<Endpoint>;
