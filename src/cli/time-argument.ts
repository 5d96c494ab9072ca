const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** What `parseTime` takes, for help and errors. */
export const timeForms = '2026-11-22, 2026-11-22T02:30Z (UTC), or so long ago: 30d, 12h, 90m';

/**
 * A time that a person types: ISO 8601 (`2026-11-22`, `2026-11-22T02:30Z`; without a zone it is UTC), or so long
 * before now: `30d`, `12h`, `90m`. Unix milliseconds; undefined when it is neither.
 */
export function parseTime(text: string, nowMs: number): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return nowMs - Number(count) * (units[unit] ?? 0);
  const iso = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?)?$/i;
  const [, date, time = '00:00', zone = 'Z'] = iso.exec(text) ?? [];
  if (date === undefined) return undefined;
  const timeMs = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  // The engine takes the 31st of a short month for the 1st of the next.
  const [year, month, day] = date.split('-').map(Number);
  const whole = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day));
  return Number.isNaN(timeMs) || whole.getUTCDate() !== day ? undefined : timeMs;
}
