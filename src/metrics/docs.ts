import { metrics } from './index.ts';
import { nameOf } from './text.ts';

/** docs/metrics.md: every metric, from the list that is served. */
export function metricsPage(): string {
  const rows = metrics.map((metric) => {
    const labels = metric.labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${nameOf(metric)}\` | ${metric.type} | ${labels} | ${metric.help} |`;
  });
  return `${[
    '# Metrics',
    '',
    '<!-- Generated from src/metrics by `npm run docs`. Do not edit. -->',
    '',
    "What `/metrics` serves, in Prometheus' text format; how to switch it on: [monitoring](monitoring.md). Counters begin",
    'at 0 when the program starts, and those of a feed also when a reload makes it anew; Prometheus knows both. With',
    '`status_account_label: false` the labels `account` and `account_id` are left out: counters are sums then, which keep',
    'what accounts counted that are gone, and of the other numbers the worst counts, of the two `last_…` the newest.',
    '',
    '| metric | type | labels | what it says |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')}\n`;
}
