import { counted } from '../../core/units.ts';
import { markup, type Markup, trusted } from './markup.ts';

const height = 16;
const step = 2;

export interface SparklineOptions {
  /** What is counted, in the singular: `event`. */
  readonly one: string;
  /** How the stretch is told: `in 24 hours`. */
  readonly span: string;
  readonly kind?: 'wide' | 'bad';
}

/** Bars from the oldest to the newest, as high as they are compared with the highest; something is never nothing. */
export function sparkline(counts: readonly number[], options: SparklineOptions): Markup {
  const { one, span, kind } = options;
  const width = counts.length * step;
  const most = Math.max(1, ...counts);
  let bars = '';
  for (const [at, count] of counts.entries()) {
    if (count === 0) continue;
    const bar = Math.max(1.5, Math.round((count / most) * height * 10) / 10);
    bars += `M${at * step} ${height}v-${bar}h1.5v${bar}z`;
  }
  const sum = counts.reduce((a, b) => a + b, 0);
  const peak = Math.max(0, ...counts);
  const told = `${counted(sum, one)} ${span}${sum === 0 ? '' : `, at most ${counted(peak, one)} in half an hour`}`;
  const view = `0 0 ${width} ${height}`;
  return markup`<svg class="spark ${kind}" role="img" aria-label="${told}" viewBox="${view}" preserveAspectRatio="none"><title>${told}</title><path class="base" d="M0 ${height - 0.4}H${width}"/><path d="${trusted(bars)}"/></svg>`;
}
