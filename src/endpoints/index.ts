import { activity } from './activity.ts';
import { adminaction } from './adminaction.ts';
import { auth } from './auth.ts';
import type { Endpoint } from './endpoint.ts';
import { offline_enrollment } from './offline_enrollment.ts';
import { telephony } from './telephony.ts';
import { trustmonitor } from './trustmonitor.ts';

/** Every kind of Duo log, by its name in the config file. */
export const endpoints = {
  auth,
  telephony,
  adminaction,
  activity,
  trustmonitor,
  offline_enrollment,
} satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof endpoints;
