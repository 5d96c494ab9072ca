import { duration, shortTime } from '../../core/units.ts';
import { markup, type Markup } from './markup.ts';

export const none = markup`<span class="faint" aria-label="none">–</span>`;

/** A time in UTC; the script adds the reader's own when it is pointed at. */
export function timeOf(time: string | null, at: string): Markup {
  if (time === null) return none;
  return markup`<time datetime="${time}">${shortTime(time, at)}</time>`;
}

/** `02:24:00Z (6 min)`. */
export function sinceOf(time: string, at: string): Markup {
  return markup`${timeOf(time, at)} (${age(time, at)})`;
}

/** How long ago, `6 min`. */
export function age(time: string, at: string): string {
  return duration(Date.parse(at) - Date.parse(time));
}

/** How soon: `in 22 s`, or `now` when it is due. */
export function soon(time: string | null, at: string): Markup {
  if (time === null) return none;
  const ms = Date.parse(time) - Date.parse(at);
  const told = ms < 1_000 ? 'now' : `in ${duration(ms)}`;
  return markup`<time datetime="${time}">${told}</time>`;
}

/** `210 ms`, `1.4 s`; of a call. */
export function secondsOf(seconds: number | null): Markup | string {
  if (seconds === null) return none;
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}
