import { firstTimeMs } from '../core/event-time.ts';
import type { EventProfile } from '../core/types.ts';
import type { Endpoint } from './endpoint.ts';
import { idOf, nextOffset, offsetParams, pageLimit, rowsOf } from './offset-paging.ts';

const eventType = 'authentication';

const profile: EventProfile = {
  eventType,
  labelled: true,
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
};

/** Sign-ins and enrolments. Rows of enrolments may lack `txid`. */
export const auth: Endpoint = {
  summary: 'Authentication log: who signed in where, with which factor and result',
  profile,
  path: '/admin/v2/logs/authentication',
  unit: 'ms',
  hasEnd: true,
  ordered: true,
  pageLimit,
  params: offsetParams,
  rows: (answer) => rowsOf(answer, 'authlogs'),
  offset: nextOffset,
  id: (row) => idOf(row, 'txid'),
  timeMs: ({ body }) => firstTimeMs(body['isotimestamp'], body['timestamp']),
};
