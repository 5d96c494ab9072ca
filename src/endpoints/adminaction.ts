import type { EventProfile, JsonObject, JsonValue } from '../core/types.ts';
import { actionClass, detailsAt } from './classes.ts';
import type { Endpoint } from './endpoint.ts';
import { always, at, inside, text, timeAt, wordAt } from './facts.ts';
import { textOr } from './offset-paging.ts';
import { v1Log } from './v1-log.ts';

const eventType = 'administrator';

/** The log says only what was done; its name tells what failed. */
function outcomeOf(body: JsonObject): string | undefined {
  const action = wordAt(body, 'action');
  if (action === '') return undefined;
  return /_fail|_(?:error|denied|lockout)$/.test(action) ? 'failure' : 'success';
}

/** The object is a user's name where a user was acted on. */
function userOf(body: JsonObject): JsonValue | undefined {
  return /^(?:user|admin|bypass)_/.test(wordAt(body, 'action')) ? body['object'] : undefined;
}

const profile: EventProfile = {
  eventType,
  labelled: true,
  classify: (body) =>
    actionClass('admin', wordAt(body, 'action'), { details: detailsAt(body, 'description') }),
  facts: [
    { means: 'time', read: timeAt('isotimestamp', 'timestamp') },
    { means: 'action', read: at('action') },
    { means: 'outcome', read: outcomeOf },
    { means: 'reason', read: inside('description', 'error') },
    { means: 'clientIp', read: inside('description', 'ip_address') },
    { means: 'actor', read: at('username') },
    { means: 'user', read: userOf },
    { means: 'message', read: at('description') },
    { means: text(1, 'action'), read: at('action') },
    { means: text(2, 'event_type'), read: always(eventType) },
    { means: text(3, 'object'), read: at('object') },
    { means: text(4, 'type'), read: at('type') },
  ],
  dls: {
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
  },
};

/** What administrators did. */
export const adminaction: Endpoint = {
  ...v1Log,
  summary: 'Administrator log: what administrators did (the activity log holds it too)',
  profile,
  path: '/admin/v1/logs/administrator',
};
