/** Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
import type { Look } from '../status/monitor.ts';
import type { Ended } from './ended.ts';
import { feedLabelsOf, type Labels, merged, type Metric, type Sample } from './metric.ts';

export const metricsType = 'text/plain; version=0.0.4; charset=utf-8';
export const prefix = 'duologsync_';

export interface TextOptions {
  /** False: one series for all accounts together. */
  readonly accountLabel: boolean;
  /** Kept from scrape to scrape, for sums. */
  readonly ended?: Ended | undefined;
}

/** All metrics, each with its help and type; a metric without samples is left out. */
export function metricsText(
  metrics: readonly Metric[],
  look: Look,
  { accountLabel, ended }: TextOptions,
): string {
  const scrape = { ...look, feedLabels: feedLabelsOf(look.parts.feeds, accountLabel) };
  const lines: string[] = [];
  /** A feed's labels are spelled once for all its metrics. */
  const texts = new Map<Labels, string>();
  const textOf = (labels: Labels): string => {
    const text = texts.get(labels) ?? labelText(labels);
    texts.set(labels, text);
    return text;
  };
  for (const metric of metrics) {
    const own = metric.samples(scrape);
    const gone = metric.type === 'counter' ? ended?.of(metric.name, own) : undefined;
    const samples = merged(gone === undefined ? own : [...own, ...gone], metric.merge);
    if (samples.length === 0) continue;
    const name = nameOf(metric);
    lines.push(`# HELP ${name} ${escapedHelp(metric.help)}`, `# TYPE ${name} ${metric.type}`);
    for (const sample of samples) {
      const { labels, value, buckets } = sample;
      if (buckets === undefined) lines.push(`${name}${textOf(labels)} ${number(value)}`);
      else lines.push(...histogram(name, sample, buckets, metric.bounds));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The name under which a metric is served; those of the process have the names that all programs use. */
export function nameOf({ name }: Pick<Metric, 'name'>): string {
  return name.startsWith('process_') ? name : prefix + name;
}

function histogram(
  name: string,
  { labels, value }: Sample,
  buckets: readonly number[],
  bounds: readonly number[] = [],
): string[] {
  let count = 0;
  const lines = buckets.map((own, index) => {
    count += own;
    const le = bounds[index] === undefined ? '+Inf' : number(bounds[index]);
    return `${name}_bucket${labelText({ ...labels, le })} ${count}`;
  });
  const text = labelText(labels);
  return [...lines, `${name}_sum${text} ${number(value)}`, `${name}_count${text} ${count}`];
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapedValue(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** Account names are anybody's text: a quote or a newline must not begin another sample. */
function escapedValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function escapedHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
