export { counted, duration, grouped, minute, percent, rate, shortTime } from '../core/units.ts';

const bars = '▁▂▃▄▅▆▇█';
const asciiBars = '_.:-=+*#';

/** One character for each number, as high as it is compared with the largest; the lowest is nothing at all. */
export function sparkline(counts: readonly number[], ascii: boolean): string {
  const levels = ascii ? asciiBars : bars;
  const most = Math.max(1, ...counts);
  const steps = levels.length - 1;
  return counts
    .map((count) => levels[count === 0 ? 0 : Math.max(1, Math.round((count / most) * steps))] ?? '')
    .join('');
}
