import type { EventClass, JsonObject } from '../core/types.ts';
import { plain } from './classes.ts';

const noPrompt = ['remembered_device', 'trusted_network', 'trusted_location', 'allowed_by_policy'];
const byUser = [
  'user_cancelled',
  'user_denied',
  'user_mistake',
  'no_response',
  'no_keys_pressed',
  'call_timed_out',
  'invalid_passcode',
];

/** The class of a sign-in or enrolment. Reasons are an open set: what is not known is the policy's. */
export function authClass(body: JsonObject): EventClass {
  const result = plain(body, 'result');
  const reason = plain(body, 'reason');
  if (plain(body, 'event_type') === 'enrollment') {
    return { id: 'auth.enrollment', name: 'Duo enrollment', severity: 4 };
  }
  if (result === 'fraud' || reason === 'user_marked_fraud') {
    return { id: 'auth.fraud', name: 'Duo authentication reported as fraud', severity: 9 };
  }
  return result === 'success' ? allowed(reason, plain(body, 'factor')) : refused(result, reason);
}

function allowed(reason: string, factor: string): EventClass {
  if (factor === 'bypass_code' || reason === 'bypass_user') {
    return { id: 'auth.bypass', name: 'Duo authentication bypassed', severity: 6 };
  }
  if (reason.startsWith('allow_unenrolled_user')) {
    const name = 'Duo access allowed without enrollment';
    return { id: 'auth.unenrolled_allowed', name, severity: 5 };
  }
  if (noPrompt.includes(reason)) {
    const name = 'Duo access allowed without prompt';
    return { id: 'auth.success.no_prompt', name, severity: 2 };
  }
  return { id: 'auth.success', name: 'Duo authentication succeeded', severity: 1 };
}

function refused(result: string, reason: string): EventClass {
  if (reason === 'anomalous_push') return denied('anomalous_push', ': anomalous push', 8);
  if (reason === 'locked_out') return denied('locked_out', ': user locked out', 7);
  if (reason === 'location_restricted' || reason === 'anonymous_ip') {
    return denied('location', ': location or anonymous network', 6);
  }
  if (result === 'error' || reason === 'error') {
    return { id: 'auth.error', name: 'Duo authentication error', severity: 5 };
  }
  if (byUser.includes(reason)) return denied('user', ' or not completed', 4);
  return denied('policy', ' by policy', 5);
}

function denied(kind: string, rest: string, severity: number): EventClass {
  return { id: `auth.denied.${kind}`, name: `Duo authentication denied${rest}`, severity };
}
