import { isObject } from '../core/row.ts';
import type { JsonObject, JsonValue } from '../core/types.ts';

/** What refusals taught about Duo's limit for one kind of call. */
export interface Lesson {
  /** Calls a minute at which Duo refused. */
  readonly refusedPerMinute: number;
  /** How long calls have gone at our pace since: only time in which more was wanted proves anything. */
  readonly busyMs: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Pages of 1,000 events: more than any server takes. */
const ceilingPerMinute = 60;
const floorPerMinute = 0.5;
const holdMs = 10 * minuteMs;
const plateauMs = holdMs + 2 * hourMs;

/**
 * Calls a minute. Untaught: one a second. After a refusal half of what was refused for 10 busy minutes, then
 * quickly up to nine tenths of it, there for two hours, then beyond it at a growing speed: a limit that
 * stays is touched every few hours, one that was lifted is found within a day.
 */
export function paceOf(lesson: Lesson | undefined): number {
  if (lesson === undefined) return ceilingPerMinute;
  const pace = lesson.refusedPerMinute * shareOf(lesson.busyMs);
  return Math.min(Math.max(pace, floorPerMinute), ceilingPerMinute);
}

/** Calls that may go at once: so many that a minute with them stays within the limit. */
export function burstOf(lesson: Lesson | undefined): number {
  const most = 3;
  return lesson === undefined ? most : Math.min(1 + Math.floor(lesson.refusedPerMinute / 10), most);
}

/** `granted`: calls that Duo granted in the minute before the refusal, which is often the very limit. */
export function lessonOf(pacePerMinute: number, granted: number): Lesson {
  const refusedPerMinute = granted > 0 ? Math.min(pacePerMinute, granted) : pacePerMinute;
  return { refusedPerMinute, busyMs: 0 };
}

export function lessonFrom(value: JsonValue | undefined): Lesson | undefined {
  if (!isObject(value)) return undefined;
  const refusedPerMinute = positive(value, 'refusedPerMinute');
  const busyMs = positive(value, 'busyMs');
  if (refusedPerMinute === undefined || refusedPerMinute === 0 || busyMs === undefined)
    return undefined;
  return { refusedPerMinute, busyMs };
}

function shareOf(busyMs: number): number {
  if (busyMs < holdMs) return 0.5;
  if (busyMs < plateauMs) return Math.min(0.9, 0.5 * 1.1 ** ((busyMs - holdMs) / minuteMs));
  const doublings = 2 ** Math.min((busyMs - plateauMs) / hourMs, 10);
  return 0.9 * 1.05 ** (doublings - 1);
}

function positive(value: JsonObject, key: string): number | undefined {
  const number = value[key];
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}
