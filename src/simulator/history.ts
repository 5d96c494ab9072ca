import { createHash } from 'node:crypto';
import type { JsonValue } from '../core/types.ts';
import { endpointRules } from './endpoints.ts';
import type { EndpointName } from './endpoints.ts';
import { rowText } from './row-text.ts';
import type { EventSpec } from './store.ts';

export interface EventPlan {
  readonly count: number;
  /** The first event's time; the others follow every `stepMs`, at microseconds that vary. */
  readonly fromMs: number;
  readonly stepMs?: number;
  /** An event's time in milliseconds, with a fraction for microseconds; instead of the steps. */
  readonly at?: (index: number) => number;
  /** The first serial number; 1 unless set. */
  readonly firstSerial?: number;
  /** The serials' letter; another one for each account keeps them apart. */
  readonly letter?: string;
  /** How much later than usual an event becomes visible. */
  readonly latenessMs?: (index: number) => number;
  /** trustmonitor only: how long after it surfaced the event's state changes; without it never. */
  readonly changesAfterMs?: (index: number) => number | undefined;
  /** v1 only: the event repeats the one before it byte for byte, serial and all. */
  readonly twin?: (index: number) => boolean;
  /** The least length of a row's text. */
  readonly bodyBytes?: number;
}

/**
 * Events of realistic shape. Each has a serial (`u00000123`) in the field that every format shows: auth
 * user.name, activity actor.name, telephony phone, adminaction and offline_enrollment username, trustmonitor
 * the user, or the explanation where there is none.
 */
export function makeEvents(endpoint: EndpointName, plan: EventPlan): EventSpec[] {
  const { count, fromMs, stepMs = 1000, firstSerial = 1, letter = 'u', bodyBytes = 0 } = plan;
  const { style } = endpointRules[endpoint];
  const seconds = style === 'v1';
  const stepUs = seconds ? 1_000_000 : style === 'monitor' ? 1000 : 1;
  if (plan.changesAfterMs !== undefined && style !== 'monitor') {
    throw new Error('Only events of trustmonitor change.');
  }
  if (plan.twin !== undefined && !seconds) throw new Error('Rows with an id have no twins.');
  const events: EventSpec[] = [];
  for (let index = 0; index < count; index += 1) {
    const before = events.at(-1);
    if (before !== undefined && plan.twin?.(index) === true) {
      events.push(before);
      continue;
    }
    const number = firstSerial + index;
    const serial = `${letter}${String(number).padStart(8, '0')}`;
    const id = idOf(endpoint, serial);
    const us =
      plan.at === undefined
        ? (fromMs + index * stepMs) * 1000 + ((number * 7919) % 1000)
        : Math.round(plan.at(index) * 1000);
    const timeUs = Math.floor(us / stepUs) * stepUs;
    const parts = { number, serial, id, timeUs, bodyBytes };
    const text = (): string => rowText(endpoint, parts);
    const changes = plan.changesAfterMs?.(index);
    const changedAtMs = changes === undefined ? undefined : timeUs / 1000 + changes;
    const later =
      changedAtMs === undefined
        ? {}
        : {
            later: { atMs: changedAtMs, text: () => rowText(endpoint, { ...parts, changedAtMs }) },
          };
    events.push({ serial, id, timeUs, latenessMs: plan.latenessMs?.(index) ?? 0, text, ...later });
  }
  return events;
}

/** A row from its JSON text alone, bytes kept as they are. Throws when it has no time. */
export function specOf(endpoint: EndpointName, text: string): EventSpec {
  const { idField, timeFields } = endpointRules[endpoint];
  const row = JSON.parse(text) as Record<string, JsonValue>;
  const timeUs = timeFields.map((field) => microseconds(row[field])).find((us) => us !== undefined);
  if (timeUs === undefined)
    throw new Error(`A row of ${endpoint} without ${timeFields.join(', ')}.`);
  const own = idField === undefined ? undefined : row[idField];
  const id = typeof own === 'string' && own !== '' ? own : idOf(endpoint, text);
  return { serial: serialIn(text) ?? id, id, timeUs, text };
}

const serialPattern = /(?<![A-Za-z0-9])[a-z]\d{8}(?![A-Za-z0-9])/;

/** The serial in a row or in a line made of it. */
export function serialIn(text: string): string | undefined {
  return serialPattern.exec(text)?.[0];
}

/** A UUID that depends on endpoint and serial alone, so that ids are not in the order of time. */
function idOf(endpoint: EndpointName, serial: string): string {
  const hex = createHash('sha256').update(`${endpoint} ${serial}`).digest('hex');
  if (endpoint === 'trustmonitor') return `SE${hex.slice(0, 18).toUpperCase()}`;
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(12, 15)}`];
  return [...parts, `8${hex.slice(15, 18)}`, hex.slice(18, 30)].join('-');
}

function microseconds(value: JsonValue | undefined): number | undefined {
  // Seconds, or milliseconds from 1973 on.
  if (typeof value === 'number') return Math.floor(value) * (value < 1e11 ? 1_000_000 : 1000);
  if (typeof value !== 'string') return undefined;
  const secondsMs = Date.parse(value.replace(/\.\d+/, ''));
  if (Number.isNaN(secondsMs)) return undefined;
  const fraction = /\.(\d+)/.exec(value)?.[1] ?? '';
  return secondsMs * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}
