import { valueAt } from '../core/row.ts';
import type { EventClass, JsonObject } from '../core/types.ts';
import { wordAt } from './facts.ts';

/** A fact of a row for comparison: lower case, `_` for all but letters and digits; `Duo Push` occurs. */
export function plain(body: JsonObject, path: string): string {
  const value = valueAt(body, path);
  return typeof value === 'string' ? value.toLowerCase().replace(/[^a-z0-9]/g, '_') : '';
}

/** The class of an action: its severity is that of its name, raised by what the row says besides. */
export function actionClass(family: string, action: string, facts: ActionFacts): EventClass {
  const severity = actionSeverity(action, facts);
  const name = action === '' ? `${family} action` : action.replaceAll('_', ' ');
  return { id: `${family}.${action || 'unknown'}`, name: `Duo ${name}`, severity };
}

export interface ActionFacts {
  /** What was said of the action, any spelling. */
  readonly details: string;
  /** What its object was like before. */
  readonly before?: string;
  readonly failed?: boolean;
}

/**
 * First match counts; names are an open set. Weighed after public detection rules for Duo (Panther,
 * Azure Sentinel, Sigma, Splunk ESCU): docs/decisions/event-classes.md.
 */
const byAction: readonly (readonly [severity: number, action: RegExp])[] = [
  [8, /^admin_(?:create|self_activate|activation_create)$/],
  [7, /^admin_(?:reset_password|lockout|view_password_reset_url)$|_request_ip_denied$/],
  // Secrets seen or renewed.
  [6, /^(?:bypass_(?:create|view)|integration_skey.*_view|ldap_connection_skey_reset)$/],
  [6, /client_secret$|^management_system_view_(?:password|token)$/],
  // Who may administer, and how they sign in.
  [6, /^admin_(?:(?:login|2fa)_error|delete|update|activation_delete)$/],
  [
    6,
    /^(?:update_)?admin_factor_restrictions$|^admin_s(?:cso_enforcement_change|ingle_sign_on_update)$/,
  ],
  // What protects everybody.
  [6, /^integration_(?:create|update|delete)$|^policy_|^cloudsso_|^log_export_|^customer_update$/],
  [6, /^(?:create|delete)_child_customer$|^ssp_policy_enforcement_disabled$|^whitelist_trusted/],
  [5, /_fail|_error|lockout|_delete$|disassociate|deregister|_config_download$|risk_profile/],
  [5, /^user_(?:bulk|import)|^dtm_modify_user$|^update_passport_configuration$/],
  [4, /_(?:create|update|add|associate|rename|(?:un)?assign|add_devices)$/],
];

function actionSeverity(action: string, { details, before = '', failed }: ActionFacts): number {
  if (action === 'admin_2fa_error' && /fraud/i.test(details)) return 9;
  const bypass = /"status"\s*:\s*"bypass"/i;
  if (action === 'user_update' && bypass.test(details) && !bypass.test(before)) return 7;
  const severity = byAction.find(([, pattern]) => pattern.test(action))?.[0] ?? 3;
  return failed === true ? Math.max(4, severity) : severity;
}

/** Details as text, whether Duo sent a text or an object. */
export function detailsAt(body: JsonObject, path: string): string {
  const value = valueAt(body, path);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : wordAt(body, path);
}
