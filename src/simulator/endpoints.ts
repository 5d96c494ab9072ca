/** The log endpoints that the simulator serves: one entry each, names as in the config file. */

export type EndpointName =
  'auth' | 'activity' | 'telephony' | 'adminaction' | 'offline_enrollment' | 'trustmonitor';

export interface EndpointRules {
  readonly path: string;
  /** v2: milliseconds, window, sort and cursor; v1: seconds and `mintime` alone; monitor: window and token. */
  readonly style: 'v2' | 'v1' | 'monitor';
  /** The key of the rows inside `response`; empty when `response` is the list. */
  readonly list: string;
  /** How `metadata.next_offset` is spelled. */
  readonly offset: 'array' | 'text';
  readonly defaultLimit: number;
  readonly maxLimit: number;
  /** The row's fields that hold its id and its time; tried in order. */
  readonly idField: string | undefined;
  readonly timeFields: readonly string[];
}

const v2 = { style: 'v2', defaultLimit: 100, maxLimit: 1000 } as const;
const v1 = {
  style: 'v1',
  list: '',
  offset: 'text',
  defaultLimit: 1000,
  maxLimit: 1000,
  idField: undefined,
  timeFields: ['timestamp'],
} as const;

export const endpointRules: Readonly<Record<EndpointName, EndpointRules>> = {
  auth: {
    ...v2,
    path: '/admin/v2/logs/authentication',
    list: 'authlogs',
    offset: 'array',
    idField: 'txid',
    timeFields: ['isotimestamp', 'timestamp'],
  },
  activity: {
    ...v2,
    path: '/admin/v2/logs/activity',
    list: 'items',
    offset: 'text',
    idField: 'activity_id',
    timeFields: ['ts'],
  },
  telephony: {
    ...v2,
    path: '/admin/v2/logs/telephony',
    list: 'items',
    offset: 'text',
    idField: 'telephony_id',
    timeFields: ['ts'],
  },
  adminaction: { ...v1, path: '/admin/v1/logs/administrator' },
  offline_enrollment: { ...v1, path: '/admin/v1/logs/offline_enrollment' },
  trustmonitor: {
    style: 'monitor',
    path: '/admin/v1/trust_monitor/events',
    list: 'events',
    offset: 'text',
    defaultLimit: 50,
    maxLimit: 200,
    idField: 'sekey',
    timeFields: ['surfaced_timestamp'],
  },
};

export function endpointAt(path: string): EndpointName | undefined {
  const names = Object.keys(endpointRules) as EndpointName[];
  return names.find((name) => endpointRules[name].path === path);
}
