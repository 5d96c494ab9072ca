import { firstTimeMs } from '../core/event-time.ts';
import type { EventProfile } from '../core/types.ts';
import type { Endpoint } from './endpoint.ts';
import { pageLimit, rowsOf, textOr } from './offset-paging.ts';

const eventType = 'administrator';

const profile: EventProfile = {
  eventType,
  labelled: true,
  kind: () => eventType,
  title: (body) => textOr(body['action'], eventType),
  fields: [
    { means: { label: 'action', slot: 1 }, paths: ['action'] },
    { means: 'message', paths: ['description'] },
    { means: { label: 'event_type', slot: 2 }, paths: [], constant: eventType },
    { means: { label: 'object', slot: 3 }, paths: ['object'] },
    { means: 'time', paths: ['timestamp', 'isotimestamp'] },
    { means: { label: 'type', slot: 4 }, paths: ['type'] },
    { means: 'actor', paths: ['username'] },
  ],
};

/**
 * What administrators did, from Duo's v1 log: seconds, no end, no offset, no ids; each answer holds
 * the earliest 1000 rows (sometimes a few more) at or after `mintime`.
 */
export const adminaction: Endpoint = {
  summary: 'Administrator log: what administrators did (the activity log holds it too)',
  profile,
  path: '/admin/v1/logs/administrator',
  unit: 's',
  hasEnd: false,
  ordered: true,
  pageLimit,
  params: (window) => ({ mintime: String(Math.floor(window.mintimeMs / 1000)) }),
  rows: (answer) => rowsOf(answer, ''),
  offset: () => undefined,
  id: () => undefined,
  // Duo compares `mintime` with this field.
  timeMs: ({ body }) => firstTimeMs(body['timestamp'], body['isotimestamp']),
};
