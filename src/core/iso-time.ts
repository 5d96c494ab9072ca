/** UTC with milliseconds; a number that no date can hold stays a number, because rows hold whatever Duo sent. */
export function isoTime(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? String(timeMs) : date.toISOString();
}
