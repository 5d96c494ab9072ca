import { firstTimeMs } from '../core/event-time.ts';
import type { EventProfile } from '../core/types.ts';
import type { Endpoint } from './endpoint.ts';
import { idOf, nextOffset, offsetParams, pageLimit, rowsOf } from './offset-paging.ts';

const eventType = 'telephony';

const profile: EventProfile = {
  eventType,
  // Only v1 rows passed through Duo's helper that adds the labels.
  labelled: false,
  kind: () => eventType,
  title: () => eventType,
  fields: [
    { means: { label: 'context', slot: 1 }, paths: ['context'] },
    { means: { label: 'credits', slot: 2 }, paths: ['credits'] },
    { means: { label: 'event_type', slot: 3 }, paths: [], constant: eventType },
    { means: { label: 'phone', slot: 4 }, paths: ['phone'] },
    { means: 'time', paths: ['ts', 'isotimestamp', 'timestamp'] },
    { means: { label: 'type', slot: 5 }, paths: ['type'] },
  ],
};

/** Text messages and phone calls that used telephony credits. */
export const telephony: Endpoint = {
  summary: 'Telephony log: text messages and phone calls, with the credits they used',
  profile,
  path: '/admin/v2/logs/telephony',
  unit: 'ms',
  hasEnd: true,
  ordered: true,
  pageLimit,
  params: offsetParams,
  rows: (answer) => rowsOf(answer, 'items'),
  offset: nextOffset,
  id: (row) => idOf(row, 'telephony_id'),
  timeMs: ({ body }) => firstTimeMs(body['ts'], body['isotimestamp'], body['timestamp']),
};
