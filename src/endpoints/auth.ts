import { firstTimeMs } from '../core/event-time.ts';
import type { EventProfile, JsonObject } from '../core/types.ts';
import { authClass } from './auth-class.ts';
import { plain } from './classes.ts';
import type { Endpoint } from './endpoint.ts';
import { at, listAt, note, placeAt, softwareAt, text, timeAt } from './facts.ts';
import { idOf, rowsOf, v2Log } from './offset-paging.ts';

const eventType = 'authentication';

/** Success or failure, whatever words Duo finds for a failure. */
function outcomeOf(body: JsonObject): string | undefined {
  const result = plain(body, 'result');
  if (result === '') return undefined;
  return result === 'success' ? 'success' : 'failure';
}

const profile: EventProfile = {
  eventType,
  labelled: true,
  classify: authClass,
  facts: [
    { means: 'time', read: timeAt('isotimestamp', 'timestamp') },
    { means: 'action', read: at('result') },
    { means: 'outcome', read: outcomeOf },
    { means: 'reason', read: at('reason') },
    { means: 'eventId', read: at('txid') },
    { means: 'clientIp', read: at('access_device.ip.address', 'access_device.ip') },
    { means: 'clientHost', read: at('access_device.hostname') },
    { means: 'user', read: at('user.name') },
    { means: 'userId', read: at('user.key') },
    { means: 'application', read: at('application.name') },
    { means: 'clientSoftware', read: softwareAt('access_device') },
    { means: text(1, 'integration'), read: at('application.name') },
    { means: text(2, 'event_type'), read: at('event_type') },
    { means: text(3, 'factor'), read: at('factor') },
    { means: text(4, 'trusted_endpoint_status'), read: at('trusted_endpoint_status') },
    { means: text(5, 'auth_device'), read: at('auth_device.name') },
    { means: text(6, 'user_groups'), read: listAt('user.groups') },
    { means: note(1, 'access_location'), read: placeAt('access_device.location') },
    { means: note(2, 'auth_device_ip'), read: at('auth_device.ip.address', 'auth_device.ip') },
  ],
  dls: {
    kind: () => eventType,
    title: () => eventType,
    fields: [
      { means: 'clientHost', paths: ['access_device.hostname'] },
      { means: 'clientIp', paths: ['access_device.ip.address', 'access_device.ip'] },
      { means: { label: 'integration', slot: 1 }, paths: ['application.name'] },
      { means: { label: 'event_type', slot: 2 }, paths: [], constant: eventType },
      { means: { label: 'factor', slot: 3 }, paths: ['factor'] },
      { means: 'outcome', paths: ['result'] },
      // Whole seconds first: that is what DLS prints.
      { means: 'time', paths: ['timestamp', 'isotimestamp'] },
      { means: 'user', paths: ['user.name'] },
    ],
  },
};

/** Sign-ins and enrolments. Rows of enrolments may lack `txid`. */
export const auth: Endpoint = {
  ...v2Log,
  summary: 'Authentication log: who signed in where, with which factor and result',
  profile,
  path: '/admin/v2/logs/authentication',
  rows: (answer) => rowsOf(answer, 'authlogs'),
  id: (row) => idOf(row, 'txid'),
  timeMs: (row) => firstTimeMs(row.value('isotimestamp'), row.value('timestamp')),
};
