import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { problemKinds } from '../../src/status/problems.ts';
import { deployed, root } from './files.ts';
import { askedFor, missingFrom } from './promql.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook: string;
  };
}

const file = parse(deployed('prometheus/alerts.yml')) as {
  readonly groups: readonly { readonly rules: readonly Alert[] }[];
};
const alerts = file.groups.flatMap(({ rules }) => rules);
const page = readFileSync(join(root, 'docs', 'monitoring.md'), 'utf8');

describe('an expression of PromQL', () => {
  it('is read for its metrics and labels', () => {
    const expr = `max without (a, b) (m_x{c="y", d!~"z|w"} offset 1h and m_y[5m] >= 3e3)`;
    expect(askedFor(expr)).toEqual({ names: ['m_x', 'm_y'], labels: ['c', 'd', 'a', 'b'] });
    expect(missingFrom('sum by (colour) (duologsync_feeds{job="x"}) + nothing_there')).toEqual([
      'there is no metric nothing_there',
      'duologsync_feeds, nothing_there have no label colour',
    ]);
  });
});

describe('the alerts', () => {
  it.each(alerts.map((alert) => [alert.alert, alert] as const))(
    '%s: asks for what there is, and says what to do and where to read on',
    (name, { expr, labels, annotations }) => {
      const { summary, description, runbook } = annotations;
      const told = [...`${summary} ${description}`.matchAll(/\$labels\.(\w+)/g)];
      expect(
        missingFrom(
          expr,
          told.map(([, label = '']) => label),
        ),
      ).toEqual([]);
      expect(name).toMatch(/^Duologsync[A-Z][A-Za-z]+$/);
      expect(['info', 'warning', 'critical']).toContain(labels.severity);
      expect(summary).toContain('{{ $labels.instance }}');
      expect(description.length).toBeGreaterThan(60);
      expect(runbook).toBe('docs/monitoring.md#alerts');
      expect(page).toContain(`| \`${name}\` |`);
    },
  );

  it('name no account, so that they work without its label', () => {
    for (const { expr, annotations } of alerts) {
      expect(JSON.stringify(annotations)).not.toContain('$labels.account');
      for (const by of expr.match(/\b(?:by|on) \([^)]*\)/g) ?? [])
        expect(by).not.toContain('account');
    }
  });

  it('tell every kind of problem: those without an alert of their own are unhealthy', () => {
    const unhealthy = alerts.find(({ alert }) => alert === 'DuologsyncUnhealthy')?.expr ?? '';
    const [, list = ''] = /kind!~"([^"]+)"/.exec(unhealthy) ?? [];
    const own = list.split('|');
    expect(own).toEqual(problemKinds.filter((kind) => own.includes(kind)));
    expect(own).toEqual(['server', 'gaps', 'silence', 'certificate']);
  });

  it('ask for the job that the example scrapes', () => {
    const scrape = parse(deployed('prometheus/scrape.yml')) as {
      readonly scrape_configs: readonly { readonly job_name: string }[];
    };
    const [job] = scrape.scrape_configs;
    expect(alerts.some(({ expr }) => expr.includes(`up{job="${job?.job_name ?? ''}"}`))).toBe(true);
  });
});
