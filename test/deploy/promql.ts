import { metrics } from '../../src/metrics/index.ts';
import { nameOf } from '../../src/metrics/text.ts';

/** Labels that Prometheus adds to what it scrapes. */
const ofTargets = ['job', 'instance'];
/** Series that Prometheus makes itself, with their labels. */
const ofPrometheus: ReadonlyMap<string, readonly string[]> = new Map([
  ['up', []],
  ['ALERTS', ['alertname', 'alertstate', 'severity', 'endpoint', 'server']],
]);

/** Every series that is served, with its labels. */
export const served: ReadonlyMap<string, readonly string[]> = new Map([
  ...ofPrometheus,
  ...metrics.flatMap((metric): [string, readonly string[]][] => {
    const name = nameOf(metric);
    if (metric.type !== 'histogram') return [[name, metric.labels]];
    return [
      [`${name}_bucket`, [...metric.labels, 'le']],
      [`${name}_sum`, metric.labels],
      [`${name}_count`, metric.labels],
    ];
  }),
]);

const functions = new Set(
  'and or unless on ignoring by without group_left group_right offset bool'
    .split(' ')
    .concat(
      ...'sum min max count topk rate increase histogram_quantile clamp_min time sort vector'.split(
        ' ',
      ),
    ),
);

/** What a text of PromQL asks for: names of series, and the labels that it names anywhere. */
export function askedFor(expr: string): {
  readonly names: readonly string[];
  readonly labels: readonly string[];
} {
  const matchers = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) =>
    [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label),
  );
  const lists = [...expr.matchAll(/\b(?:by|without|on|ignoring|group_left)\s*\(([^)]*)\)/g)];
  const listed = lists.flatMap(([, inside = '']) => inside.split(/[\s,]+/).filter(Boolean));
  const bare = expr
    .replace(/\b(by|without|on|ignoring|group_left)\s*\([^)]*\)/g, ' ')
    .replace(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g, ' ')
    .replace(/\boffset\s+\w+/g, ' ');
  const words = bare.match(/\b[A-Za-z_]\w*/g) ?? [];
  const names = words.filter((word) => !functions.has(word));
  return { names: [...new Set(names)], labels: [...new Set([...matchers, ...listed])] };
}

/** What an expression asks for and nobody has, in a sentence each. */
export function missingFrom(expr: string, moreLabels: readonly string[] = []): string[] {
  const { names, labels } = askedFor(expr);
  const known = new Set([...ofTargets, ...names.flatMap((name) => served.get(name) ?? [])]);
  return [
    ...names.filter((name) => !served.has(name)).map((name) => `there is no metric ${name}`),
    ...[...labels, ...moreLabels]
      .filter((label) => !known.has(label))
      .map((label) => `${names.join(', ')} have no label ${label}`),
  ];
}
