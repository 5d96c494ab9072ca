import type { Look } from '../status/monitor.ts';

export type Labels = Readonly<Record<string, string>>;

/** One number. For a histogram the counts of its buckets, not cumulated, the last one without a bound. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly buckets?: readonly number[];
}

/**
 * One metric; nothing is kept for it, its samples are read from the running program when somebody asks.
 * Names and types as Prometheus wants them: seconds, bytes, `_total` for what only grows.
 */
export interface Metric {
  /** Without the prefix. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence for `# HELP` and the documentation. */
  readonly help: string;
  readonly labels: readonly string[];
  /** How the samples of several accounts become one when accounts have no labels of their own. */
  readonly merge: 'sum' | 'least' | 'greatest';
  /** Upper bounds of a histogram's buckets, ascending. */
  readonly bounds?: readonly number[];
  readonly samples: (look: Look) => readonly Sample[];
}

export const accountLabels: readonly string[] = ['account', 'account_id'];

/** The samples without labels of accounts: what had the same other labels becomes one. */
export function withoutAccounts(samples: readonly Sample[], merge: Metric['merge']): Sample[] {
  const merged = new Map<string, Sample>();
  for (const { labels, value } of samples) {
    const rest = Object.entries(labels).filter(([name]) => !accountLabels.includes(name));
    const key = JSON.stringify(rest);
    const before = merged.get(key)?.value;
    const both = before === undefined ? value : merges[merge](before, value);
    merged.set(key, { labels: Object.fromEntries(rest), value: both });
  }
  return [...merged.values()];
}

const merges: Readonly<Record<Metric['merge'], (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  least: Math.min,
  greatest: Math.max,
};
