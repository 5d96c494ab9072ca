import type { OpenWindow } from '../core/cursor.ts';
import type { Gap } from '../core/types.ts';
import type { TakenPage } from './take-page.ts';
import type { WindowRules } from './window.ts';

/** What follows a page: the window of the next request, or the poll's end. */
export interface Step {
  readonly window?: OpenWindow;
  /** Without a window: whether the poll's window was read to its end. */
  readonly whole: boolean;
  readonly gap?: Gap;
}

const mostRereadPages = 20;
const mostEmptyPages = 3;
const ended: Step = { whole: true };
const brokenOff: Step = { whole: false };

/** v2: follow the offset until there is none. */
export function nextByOffset(
  page: TakenPage,
  offset: string | undefined,
  window: OpenWindow,
  {
    ordered,
    toTheEnd = false,
    asked = Infinity,
    lookbackMs,
  }: Pick<WindowRules, 'ordered' | 'toTheEnd' | 'asked' | 'lookbackMs'>,
): Step {
  if (offset === undefined) return ended;
  if (page.count === 0 || page.again) {
    // Duo sometimes answers an empty page, or the last one again, that goes on; what it hides is
    // asked for again at the position.
    const empties = (window.empties ?? 0) + 1;
    if (empties > mostEmptyPages) return brokenOff;
    return { whole: false, window: { ...window, offset, empties } };
  }
  const loops = offset === window.offset || (ordered && goesBack(page, window));
  if (loops) {
    if (window.restarted === true) return brokenOff;
    return { whole: false, window: beginAnew(window, page.cursor.positionMs) };
  }
  const passed = ordered && page.newestMs !== undefined && page.newestMs > window.fromMs;
  // Only beyond the position: before it, rows that were hidden yesterday may fill the next page.
  const full = Math.min(page.cursor.fullest, asked);
  if (passed && !toTheEnd && page.count < full) return ended;
  const { empties: _, ...fed } = window;
  const next = { ...fed, offset, lastPage: page.name, ...newest(page, window) };
  // Without order what is read again cannot be told from what is new: all of it is followed.
  return ordered ? goOn(next, page, passed, lookbackMs) : { whole: false, window: next };
}

/** v1: no offset; a full page goes on at the second of its last row, which is asked for again whole. */
export function nextByTime(
  page: TakenPage,
  asked: OpenWindow,
  { pageLimit, lookbackMs }: Pick<WindowRules, 'pageLimit' | 'lookbackMs'>,
): Step {
  // A page that is served twice goes back in time: its first rows may be forgotten by now.
  if (page.again) return brokenOff;
  const window = { ...asked, lastPage: page.name };
  if (page.count < pageLimit || page.newestMs === undefined) return ended;
  const secondMs = secondOf(page.newestMs);
  const passed = page.newestMs > window.fromMs;
  if (secondMs > secondOf(page.oldestMs ?? page.newestMs)) {
    if (secondMs <= window.mintimeMs) return brokenOff;
    return goOn({ ...window, mintimeMs: secondMs }, page, passed, lookbackMs);
  }
  const step = goOn({ ...window, mintimeMs: secondMs + 1000 }, page, passed, lookbackMs);
  if (page.events.length === 0) return step;
  // Duo shows only the first rows of a second: what a fuller second holds besides cannot be had.
  const reason = `${page.count} rows in one second, Duo shows no more of them`;
  return { ...step, gap: { kind: 'second', fromMs: secondMs, toMs: secondMs + 1000, reason } };
}

/** The window without its offset: from the position, or its own begin while still re-reading. */
export function beginAnew(window: OpenWindow, positionMs: number): OpenWindow {
  const { offset: _, lastPage: __, ...rest } = window;
  const mintimeMs = positionMs > window.fromMs ? positionMs : window.mintimeMs;
  return { ...rest, mintimeMs, restarted: true };
}

/** In ascending order a page that lies wholly before one of the same poll is a loop of offsets. */
function goesBack(page: TakenPage, window: OpenWindow): boolean {
  return (
    page.newestMs !== undefined && window.newestMs !== undefined && page.newestMs < window.newestMs
  );
}

function goOn(window: OpenWindow, page: TakenPage, passed: boolean, lookbackMs: number): Step {
  if (window.rereadPages === undefined) return { whole: false, window };
  const { rereadPages, ...plain } = window;
  if (passed) return { whole: false, window: plain };
  // After a long stop what is new moves the position so far that the rest would be out of reach.
  const jumps = window.endMs - window.fromMs > lookbackMs / 2;
  if (jumps || rereadPages + 1 < mostRereadPages) {
    return { whole: false, window: { ...window, rereadPages: rereadPages + 1 } };
  }
  // Too much to re-read: on with what is new.
  const { offset: _, lastPage: __, ...rest } = plain;
  return { whole: false, window: { ...rest, mintimeMs: page.cursor.positionMs } };
}

function newest(page: TakenPage, window: OpenWindow): { newestMs?: number } {
  const newestMs = Math.max(page.newestMs ?? -Infinity, window.newestMs ?? -Infinity);
  return Number.isFinite(newestMs) ? { newestMs } : {};
}

function secondOf(timeMs: number): number {
  return Math.floor(timeMs / 1000) * 1000;
}
