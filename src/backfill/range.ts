/** A stretch of the past that is read once, by the cursor arithmetic of feeds; pure. */
import type { Cursor, OpenWindow } from '../core/cursor.ts';
import type { LogEvent } from '../core/types.ts';
import {
  begin,
  type Opened,
  oldestMs,
  open,
  type Reading,
  type WindowRules,
} from '../engine/window.ts';

/** From (inclusive) to (exclusive), in Unix milliseconds. */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Where the range ends. From there on all is the live feed's: it knows the ids of what it has sent within its
 * look-back, finds what Duo shows late there, and goes on from its position. `live`: none when it never ran.
 */
export function endOf(untilMs: number, live: Cursor | undefined): number {
  return live === undefined ? untilMs : Math.min(untilMs, live.idsSinceMs, live.positionMs);
}

/** A feed's rules for what has settled long ago: no look-back, and to the end. */
export function rangeRules(rules: WindowRules): WindowRules {
  return { ...rules, settleMs: 0, lookbackMs: 0, toTheEnd: true };
}

/** `exact`: asks for the range to the millisecond; else for one more on either side, whatever Duo counts in. */
export function beginRange(range: Range, nowMs: number, exact = false): Cursor {
  const cursor = begin(range.fromMs);
  return { ...cursor, window: windowFrom(cursor.positionMs, range, nowMs, exact) };
}

function windowFrom(fromMs: number, { toMs }: Range, nowMs: number, exact: boolean): OpenWindow {
  const more = exact ? 0 : 1;
  return { mintimeMs: fromMs - more, endMs: toMs - 1 + more, nowMs, fromMs };
}

/** What to ask now; undefined when the range is read, or nothing of it is served any more. */
export function openRange(
  cursor: Cursor,
  { fromMs, toMs }: Range,
  nowMs: number,
  rules: WindowRules,
): Opened | undefined {
  if (cursor.window === undefined || fromMs >= toMs || toMs <= oldestMs(nowMs)) return undefined;
  return open(cursor, nowMs, rules);
}

export function inRange(events: readonly LogEvent[], { fromMs, toMs }: Range): readonly LogEvent[] {
  return events.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs);
}

/** The cursor when the page is confirmed; without a window the range is read. */
export function afterPage(
  { next, more, whole }: Reading,
  range: Range,
  nowMs: number,
  { ordered }: WindowRules,
): Cursor {
  if ((ordered && next.positionMs >= range.toMs) || (!more && whole)) return readToEnd(next);
  if (more) return next;
  // Broken off: again from the last row that was taken.
  return { ...next, window: windowFrom(next.positionMs, range, nowMs, false) };
}

export function readToEnd({ window: _, ...rest }: Cursor): Cursor {
  return rest;
}

/** Duo does not take the offset any more: on from the last row that was taken. */
export function withoutOffset(cursor: Cursor, range: Range, nowMs: number): Cursor {
  return { ...cursor, window: windowFrom(cursor.positionMs, range, nowMs, false) };
}
