import { firstTimeMs } from '../core/event-time.ts';
import type { EventClass, EventProfile, JsonObject } from '../core/types.ts';
import type { Endpoint } from './endpoint.ts';
import { always, at, number, text, timeAt, wordAt } from './facts.ts';
import { idOf, rowsOf, v2Log } from './offset-paging.ts';

const eventType = 'telephony';

function classify(body: JsonObject): EventClass {
  const type = wordAt(body, 'type');
  return {
    id: `telephony.${type || 'unknown'}`,
    name: `Duo telephony ${type || 'event'}`,
    severity: 2,
  };
}

const profile: EventProfile = {
  eventType,
  // Only v1 rows passed through Duo's helper that adds the labels.
  labelled: false,
  classify,
  facts: [
    { means: 'time', read: timeAt('ts', 'isotimestamp', 'timestamp') },
    { means: 'action', read: at('type') },
    { means: 'eventId', read: at('telephony_id') },
    { means: text(1, 'context'), read: at('context') },
    { means: text(2, 'credits'), read: at('credits') },
    { means: text(3, 'event_type'), read: always(eventType) },
    { means: text(4, 'phone'), read: at('phone') },
    { means: text(5, 'type'), read: at('type') },
    { means: text(6, 'txid'), read: at('txid') },
    { means: number(1, 'credits'), read: at('credits') },
  ],
  dls: {
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
  },
};

/** Text messages and phone calls that used telephony credits. */
export const telephony: Endpoint = {
  ...v2Log,
  summary: 'Telephony log: text messages and phone calls, with the credits they used',
  profile,
  path: '/admin/v2/logs/telephony',
  rows: (answer) => rowsOf(answer, 'items'),
  id: (row) => idOf(row, 'telephony_id'),
  timeMs: (row) => firstTimeMs(row.value('ts'), row.value('isotimestamp'), row.value('timestamp')),
};
