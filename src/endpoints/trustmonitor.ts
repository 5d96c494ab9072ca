import { firstTimeMs } from '../core/event-time.ts';
import type { EventClass, EventProfile, JsonObject } from '../core/types.ts';
import { plain } from './classes.ts';
import type { Endpoint } from './endpoint.ts';
import {
  at,
  listAt,
  note,
  number,
  placeAt,
  softwareAt,
  text,
  time,
  timeAt,
  wordAt,
} from './facts.ts';
import { idOf, nextOffset, rowsOf, totalOf } from './offset-paging.ts';

const dayMs = 86_400_000;

const classes: Readonly<Record<string, readonly [name: string, severity: number]>> = {
  auth: ['anomalous authentication', 6],
  device_registration: ['suspicious device registration', 5],
  bypass_status: ['bypass status enabled', 7],
};

function classify(body: JsonObject): EventClass {
  const type = plain(body, 'type');
  const known = Object.hasOwn(classes, type) ? classes[type] : undefined;
  const [name, severity] = known ?? [type.replaceAll('_', ' ') || 'security event', 6];
  const raised = ['priority_event', 'triaged_as_interesting'].filter((key) => body[key] === true);
  return {
    id: `trustmonitor.${type || 'unknown'}`,
    name: `Duo Trust Monitor: ${name}`,
    severity: Math.min(10, severity + raised.length),
  };
}

const device = 'surfaced_auth.access_device';

const profile: EventProfile = {
  eventType: 'trust_monitor',
  labelled: false,
  classify,
  facts: [
    { means: 'time', read: timeAt('surfaced_timestamp') },
    { means: 'action', read: at('state') },
    { means: 'eventId', read: at('sekey') },
    { means: 'reason', read: at('surfaced_auth.reason') },
    { means: 'clientIp', read: at(`${device}.ip.address`, `${device}.ip`) },
    { means: 'actor', read: at('enabled_by.name') },
    { means: 'actorId', read: at('enabled_by.key') },
    { means: 'user', read: at('surfaced_auth.user.name', 'enabled_for.name') },
    { means: 'userId', read: at('surfaced_auth.user.key', 'enabled_for.key') },
    { means: 'application', read: at('surfaced_auth.application.name') },
    { means: 'clientSoftware', read: softwareAt(device) },
    { means: 'link', read: at('triage_event_uri') },
    { means: 'message', read: listAt('explanations', (one) => wordAt(one, 'summary'), ' ') },
    { means: text(1, 'type'), read: at('type') },
    {
      means: text(2, 'explanation_types'),
      read: listAt('explanations', (one) => wordAt(one, 'type')),
    },
    { means: text(3, 'factor'), read: at('surfaced_auth.factor') },
    { means: text(4, 'priority_reasons'), read: listAt('priority_reasons', priorityReason) },
    { means: text(5, 'state'), read: at('state') },
    { means: text(6, 'auth_result'), read: at('surfaced_auth.result') },
    { means: note(1, 'access_location'), read: placeAt(`${device}.location`) },
    { means: number(1, 'priority_event'), read: at('priority_event') },
    { means: number(2, 'from_new_user'), read: at('from_new_user') },
    { means: number(3, 'triaged_as_interesting'), read: at('triaged_as_interesting') },
    // One place: an event is about a sign-in or about a bypass.
    {
      means: time(1, 'auth_time'),
      read: timeAt('surfaced_auth.timestamp', 'surfaced_auth.isotimestamp'),
    },
    { means: time(1, 'bypass_enabled_time'), read: timeAt('bypass_status_enabled') },
  ],
};

function priorityReason(reason: JsonObject): string {
  return [wordAt(reason, 'type'), wordAt(reason, 'label')].filter((word) => word !== '').join(':');
}

/**
 * Sign-ins, devices and bypasses that Trust Monitor finds odd. Duo promises no order here, and an event
 * changes its state later without a new one: with its new state it counts as another event for a day.
 */
export const trustmonitor: Endpoint = {
  summary: 'Trust Monitor: odd sign-ins, registrations and bypasses (Premier and Advantage)',
  profile,
  path: '/admin/v1/trust_monitor/events',
  unit: 'ms',
  hasEnd: true,
  ordered: false,
  lookbackMs: dayMs,
  pageLimit: 200,
  params: (window) => ({
    mintime: String(Math.floor(window.mintimeMs)),
    maxtime: String(Math.floor(window.endMs)),
    limit: '200',
    ...(window.offset !== undefined && { offset: window.offset }),
  }),
  rows: (answer) => rowsOf(answer, 'events'),
  offset: nextOffset,
  total: totalOf,
  id: (row) => {
    const sekey = idOf(row, 'sekey');
    return sekey === undefined ? undefined : `${sekey} ${wordAt(row.body, 'state')}`;
  },
  timeMs: (row) => firstTimeMs(row.value('surfaced_timestamp')),
};
