import type { Look } from '../status/monitor.ts';
import type { FeedPart } from '../status/parts.ts';

export type Labels = Readonly<Record<string, string>>;

/** A look at the running program, and the labels of each of its feeds: one object for the same labels. */
export interface Scrape extends Look {
  readonly feedLabels: readonly Labels[];
}

/** One number. For a histogram the counts of its buckets, not cumulated, the last one without a bound. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** The id of the feed whose number it is. */
  readonly feed?: string;
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
  /** How samples with the same labels become one: accounts may have no labels of their own. */
  readonly merge: 'sum' | 'least' | 'greatest';
  /** Upper bounds of a histogram's buckets, ascending. */
  readonly bounds?: readonly number[];
  readonly samples: (scrape: Scrape) => readonly Sample[];
}

export const accountLabels: readonly string[] = ['account', 'account_id'];

/** What each feed is called; without `accountLabel` feeds of several accounts are called the same. */
export function feedLabelsOf(feeds: readonly FeedPart[], accountLabel: boolean): Labels[] {
  const known = new Map<string, Labels>();
  return feeds.map(({ account, endpoint, server }) => {
    const whose: Labels = accountLabel
      ? { account: account.name, account_id: account.id ?? '' }
      : {};
    const key = JSON.stringify([endpoint, server, whose]);
    const labels = known.get(key) ?? { ...whose, endpoint, server };
    known.set(key, labels);
    return labels;
  });
}

/** What has the same labels becomes one, so that no series is there twice. */
export function merged(samples: readonly Sample[], merge: Metric['merge']): readonly Sample[] {
  const values = new Map<Labels, number>();
  for (const { labels, value } of samples) {
    const before = values.get(labels);
    values.set(labels, before === undefined ? value : merges[merge](before, value));
  }
  if (values.size === samples.length) return samples;
  return [...values].map(([labels, value]) => ({ labels, value }));
}

const merges: Readonly<Record<Metric['merge'], (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  least: Math.min,
  greatest: Math.max,
};
