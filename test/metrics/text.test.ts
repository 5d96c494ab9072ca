import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Metric, Sample } from '../../src/metrics/metric.ts';
import { metricsText, nameOf } from '../../src/metrics/text.ts';
import { Histories } from '../../src/status/history.ts';
import type { Look } from '../../src/status/monitor.ts';
import { snapshotOf } from '../../src/status/snapshot.ts';
import { feedPart, nothingKept, parts } from '../status/parts.ts';

const look: Look = {
  parts: parts({ feeds: [] }),
  kept: nothingKept,
  snapshot: snapshotOf(parts(), new Histories(), nothingKept),
};
const base = { help: 'Some help.', labels: [], merge: 'sum' } as const;

function metric(samples: readonly Sample[], more: Partial<Metric> = {}): Metric {
  return { ...base, name: 'things_total', type: 'counter', samples: () => samples, ...more };
}

function text(samples: readonly Sample[], more: Partial<Metric> = {}): string {
  return metricsText([metric(samples, more)], look, { accountLabel: true });
}

describe('the text of metrics', () => {
  it('has help, type and a line for each sample', () => {
    const samples = [
      { labels: { server: 'siem' }, value: 3 },
      { labels: {}, value: 0.25 },
    ];
    expect(text(samples)).toBe(
      '# HELP duologsync_things_total Some help.\n' +
        '# TYPE duologsync_things_total counter\n' +
        'duologsync_things_total{server="siem"} 3\n' +
        'duologsync_things_total 0.25\n',
    );
  });

  it('cumulates the buckets of a histogram', () => {
    const sample = { labels: { endpoint: 'auth' }, value: 4.5, buckets: [1, 2, 1] };
    const lines = text([sample], { name: 's', type: 'histogram', bounds: [0.5, 1] }).split('\n');
    expect(lines.slice(2, -1)).toEqual([
      'duologsync_s_bucket{endpoint="auth",le="0.5"} 1',
      'duologsync_s_bucket{endpoint="auth",le="1"} 3',
      'duologsync_s_bucket{endpoint="auth",le="+Inf"} 4',
      'duologsync_s_sum{endpoint="auth"} 4.5',
      'duologsync_s_count{endpoint="auth"} 4',
    ]);
  });

  it('spells numbers that are none as Prometheus does', () => {
    const samples = [Infinity, -Infinity, Number.NaN].map((value) => ({ labels: {}, value }));
    expect(text(samples)).toMatch(/ \+Inf\n.* -Inf\n.* NaN\n$/);
  });

  it('leaves out a metric that has no samples', () => {
    expect(text([])).toBe('\n');
  });

  it('gives metrics of the process the names that all programs have', () => {
    expect(nameOf({ name: 'process_cpu_seconds_total' })).toBe('process_cpu_seconds_total');
  });

  it.each([
    { merge: 'sum', value: 7 },
    { merge: 'least', value: 3 },
    { merge: 'greatest', value: 4 },
  ] as const)('makes one series of all accounts, by $merge', ({ merge, value }) => {
    const feeds = ['A', 'B'].map((id) => feedPart('auth', {}, { account: { id, name: id } }));
    const some = { ...look, parts: parts({ feeds }) };
    const values = [3, 4];
    const one = metric([], {
      merge,
      samples: ({ feedLabels }) =>
        feedLabels.map((labels, index) => ({ labels, value: values[index] ?? 0 })),
    });
    const lines = (accountLabel: boolean): string[] =>
      metricsText([one], some, { accountLabel }).split('\n').slice(2, -1);
    expect(lines(false)).toEqual([
      `duologsync_things_total{endpoint="auth",server="siem"} ${value}`,
    ]);
    expect(lines(true)).toHaveLength(2);
  });

  it('lets no value of a label begin a line or end its quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (account, server) => {
        const line = text([{ labels: { account, server }, value: 1 }]).split('\n');
        expect(line).toHaveLength(4);
        expect(parsed(line[2] ?? '')).toEqual({ account, server });
      }),
    );
  });
});

/** Reads a line as Prometheus does. */
function parsed(line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  const inside = /^\w+\{(.*)\} 1$/s.exec(line)?.[1] ?? '';
  const pair = /(\w+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;
  for (let match = pair.exec(inside); match !== null; match = pair.exec(inside)) {
    const [, name = '', value = ''] = match;
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) =>
      escaped === 'n' ? '\n' : escaped,
    );
  }
  return labels;
}
