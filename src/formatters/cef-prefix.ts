const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** DLS's `Mmm dd HH:MM:SS host `: the time of sending, the day with a zero, the month in English everywhere. */
export function cefPrefix(timeMs: number, host: string, zone: 'utc' | 'local'): string {
  const time = new Date(timeMs);
  const parts =
    zone === 'utc'
      ? [time.getUTCDate(), time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()]
      : [time.getDate(), time.getHours(), time.getMinutes(), time.getSeconds()];
  const [day, ...clock] = parts.map((part) => String(part).padStart(2, '0'));
  const month = months[zone === 'utc' ? time.getUTCMonth() : time.getMonth()];
  return `${month} ${day} ${clock.join(':')} ${hostToken(host)} `;
}

/** One word that every syslog parser takes for a host name. */
function hostToken(host: string): string {
  return host.replace(/[^A-Za-z0-9._-]/gu, '-').slice(0, 255) || 'localhost';
}
