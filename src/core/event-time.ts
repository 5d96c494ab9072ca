import type { JsonValue } from './types.ts';

// Blanks are allowed wherever a scrubber has been seen to leave them ("11: 41: 31+00: 00").
const iso =
  /^\s*(\d{4})-(\d\d)-(\d\d)(?:\s*T\s*|\s+)(\d\d)\s*:\s*(\d\d)\s*:\s*(\d\d)(?:[.,](\d{0,9}))?\s*(Z|([+-])\s*(\d\d)(?:\s*:?\s*(\d\d))?)?\s*$/i;

const longestText = 64;
// Seconds stay below this until the year 5138, milliseconds are above it since 1973.
const leastMs = 1e11;

/**
 * A Duo time as Unix milliseconds, rounded down; undefined when it cannot be read or is before 1970.
 * Text: ISO 8601 with 0 to 9 fraction digits, `Z`, an offset, or no zone (UTC), or a number's digits.
 * Numbers: seconds or milliseconds, told apart by their size.
 */
export function eventTimeMs(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return numberMs(value);
  if (typeof value !== 'string' || value.length > longestText) return undefined;
  const usualMs = usualIsoMs(value);
  if (usualMs !== undefined) return usualMs;
  return /^\d{9,13}$/.test(value) ? numberMs(Number(value)) : isoMs(value);
}

/** The first of the values that is a time. */
export function firstTimeMs(...values: readonly (JsonValue | undefined)[]): number | undefined {
  for (const value of values) {
    const timeMs = eventTimeMs(value);
    if (timeMs !== undefined) return timeMs;
  }
  return undefined;
}

function numberMs(value: number): number | undefined {
  if (!Number.isFinite(value) || value < 0 || value > 8.64e15) return undefined;
  if (value >= leastMs) return Math.floor(value);
  // By way of whole microseconds: 1700000000.001 × 1000 is a hair below the millisecond.
  return Math.floor(Math.round(value * 1e6) / 1000);
}

/** Duo's own spelling, `2026-01-28T23:59:58.123456+00:00`, without the pattern's cost; undefined for all others. */
function usualIsoMs(text: string): number | undefined {
  if (text.length !== 32 || !text.endsWith('+00:00') || text[10] !== 'T') return undefined;
  if (text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return undefined;
  if (text[19] !== '.' || digits(text, 23, 26) < 0) return undefined;
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)];
  const [hour, minute] = [digits(text, 11, 13), digits(text, 14, 16)];
  const [second, ms] = [digits(text, 17, 19), digits(text, 20, 23)];
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 28) return undefined;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return undefined;
  if (second < 0 || second > 59 || ms < 0) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second, ms);
}

/** -1 when one of them is no digit. */
function digits(text: string, start: number, end: number): number {
  let number = 0;
  for (let i = start; i < end; i += 1) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function isoMs(text: string): number | undefined {
  const match = iso.exec(text);
  if (match === null) return undefined;
  const part = (index: number): number => Number(match[index] ?? '0');
  const [year, month, day] = [part(1), part(2), part(3)];
  const [hour, minute, second] = [part(4), part(5), part(6)];
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month))
    return undefined;
  // Second 60 is a leap second (RFC 3339 §5.6); it counts as the next one.
  if (hour > 23 || minute > 59 || second > 60 || part(10) > 23 || part(11) > 59) return undefined;
  const offsetMinutes = (part(10) * 60 + part(11)) * (match[9] === '-' ? -1 : 1);
  const ms = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const timeMs = Date.UTC(year, month - 1, day, hour, minute - offsetMinutes, second, ms);
  return timeMs < 0 ? undefined : timeMs;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
