import { firstTimeMs } from '../core/event-time.ts';
import { valueAt } from '../core/row.ts';
import type { EventProfile, JsonObject } from '../core/types.ts';
import type { Endpoint } from './endpoint.ts';
import { idOf, nextOffset, offsetParams, pageLimit, rowsOf, textOr } from './offset-paging.ts';

const eventType = 'activity';

/** `action` is an object with a name now and was a plain text before. */
function actionOf(body: JsonObject): string {
  const plain = textOr(body['action'], eventType);
  const extended = textOr(valueAt(body, 'action_extended.name'), plain);
  return textOr(valueAt(body, 'action.name'), extended);
}

const profile: EventProfile = {
  eventType,
  labelled: false,
  kind: actionOf,
  title: (body) => textOr(valueAt(body, 'actor.type'), eventType),
  fields: [
    { means: 'clientIp', paths: ['access_device.ip.address', 'access_device.ip'] },
    { means: 'action', paths: ['action.name', 'action_extended.name', 'action'] },
    { means: 'actor', paths: ['actor.name'] },
    { means: 'time', paths: ['ts', 'isotimestamp', 'timestamp'] },
    { means: 'message', paths: ['target.details'] },
    { means: 'outcome', paths: ['outcome.result', 'result'] },
    { means: { label: 'integration_name', slot: 1 }, paths: ['application.name'] },
    { means: { label: 'integration_type', slot: 2 }, paths: ['application.type'] },
  ],
};

/** What users, admins and integrations did. */
export const activity: Endpoint = {
  summary: 'Activity log: what users, administrators and integrations did and changed',
  profile,
  path: '/admin/v2/logs/activity',
  unit: 'ms',
  hasEnd: true,
  ordered: true,
  pageLimit,
  params: offsetParams,
  rows: (answer) => rowsOf(answer, 'items'),
  offset: nextOffset,
  id: (row) => idOf(row, 'activity_id'),
  timeMs: ({ body }) => firstTimeMs(body['ts'], body['isotimestamp'], body['timestamp']),
};
