import { firstTimeMs } from '../core/event-time.ts';
import { valueAt } from '../core/row.ts';
import type { EventClass, EventProfile, Fact, JsonObject } from '../core/types.ts';
import { actionClass, detailsAt, plain } from './classes.ts';
import type { Endpoint } from './endpoint.ts';
import { at, lowerAt, note, placeAt, softwareAt, text, timeAt } from './facts.ts';
import { idOf, rowsOf, textOr, v2Log } from './offset-paging.ts';

const eventType = 'activity';

/** `action` is an object with a name now and was a plain text before. */
function actionOf(body: JsonObject, otherwise: string): string {
  const whole = textOr(body['action'], otherwise);
  const extended = textOr(valueAt(body, 'action_extended.name'), whole);
  return textOr(valueAt(body, 'action.name'), extended);
}

function classify(body: JsonObject): EventClass {
  return actionClass(eventType, actionOf(body, ''), {
    details: `${detailsAt(body, 'target.details')} ${detailsAt(body, 'action.details')}`,
    before: detailsAt(body, 'old_target.details'),
    failed: plain(body, 'outcome.result') === 'failure',
  });
}

/** The target is a user or administrator, or something of theirs that goes by their name. */
function ofUser(path: string): Fact['read'] {
  return (body) =>
    /^(?:user|admin)/.test(plain(body, 'target.type')) ? valueAt(body, path) : undefined;
}

const profile: EventProfile = {
  eventType,
  labelled: false,
  classify,
  facts: [
    { means: 'time', read: timeAt('ts', 'isotimestamp', 'timestamp') },
    { means: 'accountId', read: at('akey') },
    { means: 'action', read: at('action.name', 'action_extended.name', 'action') },
    { means: 'outcome', read: lowerAt('outcome.result', 'result') },
    { means: 'eventId', read: at('activity_id') },
    { means: 'clientIp', read: at('access_device.ip.address', 'access_device.ip') },
    { means: 'actor', read: at('actor.name') },
    { means: 'actorId', read: at('actor.key') },
    { means: 'actorKind', read: at('actor.type') },
    { means: 'user', read: ofUser('target.name') },
    { means: 'userId', read: ofUser('target.key') },
    { means: 'application', read: at('application.name') },
    { means: 'clientSoftware', read: softwareAt('access_device') },
    { means: 'message', read: at('target.details') },
    { means: text(1, 'integration_name'), read: at('application.name') },
    { means: text(2, 'integration_type'), read: at('application.type') },
    { means: text(3, 'target_type'), read: at('target.type') },
    { means: text(4, 'target_name'), read: at('target.name') },
    { means: text(5, 'old_target_details'), read: at('old_target.details') },
    { means: text(6, 'actor_details'), read: at('actor.details') },
    { means: note(1, 'access_location'), read: placeAt('access_device.location') },
  ],
  dls: {
    kind: (body) => actionOf(body, eventType),
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
  },
};

/** What users, admins and integrations did. */
export const activity: Endpoint = {
  ...v2Log,
  summary: 'Activity log: what users, administrators and integrations did and changed',
  profile,
  path: '/admin/v2/logs/activity',
  rows: (answer) => rowsOf(answer, 'items'),
  id: (row) => idOf(row, 'activity_id'),
  timeMs: (row) => firstTimeMs(row.value('ts'), row.value('isotimestamp'), row.value('timestamp')),
};
