const secondMs = 1_000;
const units: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400 * secondMs],
  ['h', 3_600 * secondMs],
  ['min', 60 * secondMs],
  ['s', secondMs],
];

/** The two largest units that say something: `3 d 4 h`, `1 h 20 min`, `2 min`, `12 s`. */
export function duration(ms: number): string {
  const positive = Math.max(0, ms);
  const from = units.findIndex(([, unit]) => positive >= unit);
  const [[name, unit] = ['s', secondMs], second] = units.slice(from < 0 ? -1 : from);
  const whole = Math.floor(positive / unit);
  const rest = second === undefined ? 0 : Math.floor((positive - whole * unit) / second[1]);
  // Seconds after minutes interest nobody.
  if (second === undefined || rest === 0 || second[0] === 's') return `${whole} ${name}`;
  return `${whole} ${name} ${rest} ${second[0]}`;
}

/** The time of day in UTC; with the date when it is not the day of `now`. Both ISO 8601 in UTC. */
export function shortTime(time: string, now: string): string {
  const [date = '', clock = ''] = time.split('T');
  const seconds = `${clock.slice(0, 8)}Z`;
  return now.startsWith(`${date}T`) ? seconds : `${date} ${seconds}`;
}

/** Three digits are enough: `0`, `0.04`, `3.2`, `120`, `1,950`. */
export function rate(perSecond: number): string {
  if (perSecond === 0) return '0';
  if (perSecond < 0.1) return perSecond.toFixed(2);
  return perSecond < 10 ? perSecond.toFixed(1) : grouped(Math.round(perSecond));
}

export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 feed`, `2 feeds`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** Of an ISO time in UTC the day and the minute: `2026-11-22 02:30Z`. */
export function minute(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)}Z`;
}

/** What is reached of a part of 1, so that 100 % is all: `74 %`. */
export function percent(part: number): string {
  return `${Math.floor(part * 100)} %`;
}
