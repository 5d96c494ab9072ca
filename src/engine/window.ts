/**
 * Cursor arithmetic, pure, one for all endpoints: which window a poll asks for, and what a page moves.
 *
 * A cursor is a position (the last row taken in order) plus a re-read: every ten minutes the poll begins
 * a look-back earlier, for rows that Duo shows late; rows already taken are known by their ids. The
 * position never passes over time in which no row was seen, so whatever appears after it is found.
 */
import type { Cursor, OpenWindow } from '../core/cursor.ts';
import type { Gap, LogEvent } from '../core/types.ts';
import { beginAnew, nextByOffset, nextByTime } from './next-page.ts';
import { Taken } from './taken.ts';
import { type RowFacts, takePage } from './take-page.ts';

/** What differs between endpoints, and the settings. */
export interface WindowRules {
  readonly unit: 'ms' | 's';
  readonly hasEnd: boolean;
  readonly ordered: boolean;
  readonly pageLimit: number;
  /** How many rows the request asked for; a page of so many is a full one. */
  readonly asked?: number;
  /** How old an event must be before it is read: Duo shows rows about two minutes late. */
  readonly settleMs: number;
  readonly lookbackMs: number;
  readonly rereadMs: number;
  /** No page ends a poll by being short: only Duo's word does. There may be no next poll. */
  readonly toTheEnd?: boolean;
}

export interface Opened {
  /** With its window open and clamped: what to ask now. */
  readonly cursor: Cursor & { readonly window: OpenWindow };
  readonly gap?: Gap;
}

export interface Reading {
  readonly events: readonly LogEvent[];
  readonly next: Cursor;
  /** Ask again at once: the poll is not over. */
  readonly more: boolean;
  /** The poll is over and its window was read to its end. */
  readonly whole: boolean;
  /** Events of this page that Duo showed only after the position had passed them. */
  readonly late: number;
  /** How late the latest of them is at least. */
  readonly lateByMs: number;
  readonly gaps: readonly Gap[];
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const mostRereadsBroken = 3;
/** Duo serves 180 days and answers 400 to older (Duo doc; measured: at the edge already); an hour is ours. */
export const reachMs = 180 * 24 * hourMs - hourMs;

/** The oldest time that may be asked for; whole minutes, so that feeds which share an answer ask the same. */
export function oldestMs(nowMs: number): number {
  return Math.ceil((nowMs - reachMs) / minuteMs) * minuteMs;
}

/** A cursor (whole times, whatever the settings) that takes everything from `sinceMs` on; `taken` names a row there that was delivered before. */
export function begin(beginMs: number, taken?: { readonly id: string }): Cursor {
  const sinceMs = Math.floor(beginMs);
  const ids = new Taken();
  if (taken !== undefined) ids.take(taken.id, sinceMs);
  return {
    positionMs: sinceMs,
    ...(taken === undefined ? {} : { positionId: taken.id }),
    readToMs: sinceMs,
    rereadAtMs: sinceMs,
    idsSinceMs: sinceMs,
    taken: ids.toString(),
    fullest: 0,
  };
}

/**
 * Fixes the window of a poll, or goes on with the one under way, its begin clamped to what Duo still
 * serves. Undefined: there is nothing to ask yet.
 */
export function open(cursor: Cursor, nowMs: number, rules: WindowRules): Opened | undefined {
  const window = cursor.window ?? newWindow(cursor, nowMs, rules);
  if (rules.hasEnd && window.mintimeMs >= window.endMs) return undefined;
  const oldest = oldestMs(nowMs);
  // Without order an offset may be good for its own window alone, which stays as long as Duo takes it.
  const graceMs = !rules.ordered && window.offset !== undefined ? 50 * minuteMs : 0;
  if (window.mintimeMs >= oldest - graceMs) return { cursor: { ...cursor, window } };
  if (rules.hasEnd && oldest >= window.endMs) {
    // The whole window is out of reach: begin anew at the edge.
    const { window: _, ...rest } = cursor;
    const edge = moveTo(rest, oldest);
    const opened = open(edge, nowMs, rules);
    return opened && { cursor: opened.cursor, ...gapBetween(cursor, oldest) };
  }
  const clamped = { ...window, mintimeMs: oldest };
  const readToMs = Math.max(cursor.readToMs, oldest);
  return { cursor: { ...cursor, readToMs, window: clamped }, ...gapBetween(cursor, oldest) };
}

function newWindow(cursor: Cursor, nowMs: number, rules: WindowRules): OpenWindow {
  const endMs = rules.hasEnd ? Math.floor(nowMs - rules.settleMs) : nowMs;
  const window = { mintimeMs: cursor.positionMs, endMs, nowMs, fromMs: cursor.positionMs };
  // A fixed grid instead of "ten minutes after my last", so that all feeds of a source re-read together.
  const due = (timeMs: number): number => Math.floor(timeMs / Math.max(1, rules.rereadMs));
  // A last re-read in the future was dated by a wrong clock: it counts for nothing.
  const { rereadToMs = 0 } = cursor;
  const isDue = rereadToMs > 0 || due(nowMs) !== due(cursor.rereadAtMs);
  if (!isDue || rules.lookbackMs <= 0) return window;
  const lookedBackMs = Math.floor(cursor.positionMs - rules.lookbackMs);
  const back = Math.max(lookedBackMs, cursor.idsSinceMs, rereadToMs);
  return { ...window, mintimeMs: Math.min(back, cursor.positionMs), rereadPages: 0 };
}

function gapBetween(cursor: Cursor, oldest: number): { gap?: Gap } {
  const fromMs = Math.max(cursor.readToMs, cursor.positionMs);
  // A first start at the edge itself, which moves on while the first answer is awaited.
  const edgeMs = cursor.fullest === 0 ? hourMs : 0;
  if (oldest <= fromMs + edgeMs) return {};
  const reason = 'older than the 180 days that Duo keeps';
  return { gap: { kind: 'reach', fromMs, toMs: oldest, reason } };
}

function moveTo(cursor: Cursor, timeMs: number): Cursor {
  return {
    ...cursor,
    positionMs: Math.max(cursor.positionMs, timeMs),
    readToMs: Math.max(cursor.readToMs, timeMs),
    idsSinceMs: Math.max(cursor.idsSinceMs, timeMs),
  };
}

/** What one page holds that is new, and where the cursor stands when all of it is confirmed. */
export function read(
  rows: readonly RowFacts[],
  offset: string | undefined,
  cursor: Cursor & { readonly window: OpenWindow },
  rules: WindowRules,
): Reading {
  const page = takePage(rows, cursor, rules);
  const { window } = cursor;
  const step = rules.hasEnd
    ? nextByOffset(page, offset, window, rules)
    : nextByTime(page, window, rules);
  const over = step.window === undefined;
  // A re-read is done when it has passed the position at which the poll began, or the poll is over.
  const reread = window.rereadPages !== undefined && step.window?.rereadPages === undefined;
  const brokenOff = over && !step.whole;
  // Too long for one poll: what is new comes first, the next poll goes on with the rest.
  const rest = page.newestMs !== undefined && page.newestMs <= window.fromMs && !over;
  const done = brokenOff ? rereadBroken : rereadDone;
  const moved = reread ? done(page.cursor, rest ? page.newestMs : undefined) : page.cursor;
  // A page taken for the last because it was short lowers what counts as full: Duo may have begun to
  // serve less, and a feed that always stopped after one page would never catch up.
  const short = over && offset !== undefined && page.count > 0;
  const fullest = short ? Math.max(page.count, Math.floor(moved.fullest * 0.9)) : moved.fullest;
  return {
    events: page.events,
    next: over
      ? closed({ ...moved, fullest }, step.whole, rules.ordered, page.newestMs)
      : { ...moved, window: step.window },
    more: !over,
    whole: over && step.whole,
    late: page.late,
    lateByMs: page.lateByMs,
    gaps: step.gap === undefined ? [] : [step.gap],
  };
}

/**
 * The next poll tries again before it reads what is new: once the position has moved on by more than the
 * look-back, what the re-read was to find is out of its reach. After three in a row, which are told, new
 * events wait no longer.
 */
function rereadBroken<C extends Cursor>(cursor: C): C {
  const rereadsBroken = (cursor.rereadsBroken ?? 0) + 1;
  return rereadsBroken < mostRereadsBroken ? { ...cursor, rereadsBroken } : rereadDone(cursor);
}

function rereadDone<C extends Cursor>(cursor: C, toMs?: number): C {
  const { rereadToMs: _, rereadsBroken: __, ...rest } = cursor;
  const rereadAtMs = cursor.window?.nowMs ?? cursor.rereadAtMs;
  return { ...rest, rereadAtMs, ...(toMs === undefined ? {} : { rereadToMs: toMs }) } as C;
}

/** The poll is over; `whole`: its window was read to its end. */
function closed(
  cursor: Cursor & { readonly window: OpenWindow },
  whole: boolean,
  ordered: boolean,
  newestMs: number | undefined,
): Cursor {
  const { window, ...rest } = cursor;
  if (!whole) return rest;
  const readToMs = Math.max(rest.readToMs, window.endMs);
  if (ordered) return { ...rest, readToMs };
  const seenMs = Math.max(rest.positionMs, window.newestMs ?? 0, newestMs ?? 0);
  return { ...rest, readToMs, positionMs: Math.min(seenMs, window.nowMs) };
}

/** Begins the poll's window anew without its offset, once per poll; undefined when that was done already. */
export function restart(cursor: Cursor): Cursor | undefined {
  const { window } = cursor;
  if (window === undefined || window.restarted === true || window.offset === undefined)
    return undefined;
  return { ...cursor, window: beginAnew(window, cursor.positionMs) };
}

/** Gives up the poll under way; the next one begins at the position, or tries its re-read again. */
export function abandonWindow(cursor: Cursor): Cursor {
  const done = cursor.window?.rereadPages === undefined ? cursor : rereadBroken(cursor);
  const { window: _, ...rest } = done;
  return rest;
}

/** One gap out of two that follow each other: the edge moved on while the request was tried again. */
export function joined(first: Gap | undefined, second: Gap | undefined): { readonly gap?: Gap } {
  const gap = second === undefined ? first : { ...second, fromMs: first?.fromMs ?? second.fromMs };
  return gap === undefined ? {} : { gap };
}
