import { describe, expect, it } from 'vitest';
import { dashboardText } from '../../scripts/grafana/dashboard.ts';
import { stat, timeline } from '../../scripts/grafana/kinds.ts';
import { panels } from '../../scripts/grafana/panels.ts';
import { metrics } from '../../src/metrics/index.ts';
import { nameOf } from '../../src/metrics/text.ts';
import { deployed } from './files.ts';
import { missingFrom } from './promql.ts';

interface Shown {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const dashboard = JSON.parse(deployed('grafana/duologsync.json')) as {
  readonly panels: readonly Shown[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly allValue?: string }[];
  };
};
const shown = dashboard.panels.filter(({ type }) => type !== 'row');
const expressions = shown.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

describe('the dashboard', () => {
  it.each(shown.map((panel) => [panel.title, panel] as const))(
    '%s: asks for metrics and labels that there are',
    (_, { targets = [] }) => {
      expect(targets).not.toHaveLength(0);
      for (const { expr, legendFormat } of targets) {
        const told = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
        expect(missingFrom(expr, told)).toEqual([]);
      }
    },
  );

  it('shows every metric', () => {
    const text = expressions.join('\n');
    expect(metrics.map(nameOf).filter((name) => !text.includes(name))).toEqual([]);
  });

  it('asks only for variables that it has, and each works where a label is missing', () => {
    const { list } = dashboard.templating;
    const names = list.map(({ name }) => name);
    const used = [...JSON.stringify(dashboard).matchAll(/\$\{?([a-z]\w*)/g)].map(
      ([, name]) => name,
    );
    expect(new Set(used)).toEqual(new Set(names));
    for (const { name, allValue } of list) if (name !== 'datasource') expect(allValue).toBe('.*');
  });

  it('has its panels beside and below each other, none over another', () => {
    const cells = new Set<string>();
    for (const { gridPos, title } of dashboard.panels) {
      const { x, y, w, h } = gridPos;
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column += 1) {
        for (let line = y; line < y + h; line += 1) {
          const cell = `${column} ${line}`;
          expect(cells.has(cell), title).toBe(false);
          cells.add(cell);
        }
      }
    }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it('says words and not colours alone', () => {
    const words = { 0: ['down', 'red'], 1: ['up', 'green'] } as const;
    for (const make of [stat, timeline]) {
      const { body } = make('x', 4, [{ expr: 'up', legend: '' }], { words });
      expect(JSON.stringify(body)).toContain('"text":"down"');
    }
  });

  it('is made of the list of panels; if not: npm run docs', () => {
    expect(deployed('grafana/duologsync.json')).toBe(dashboardText());
    expect(dashboard.panels.map(({ title }) => title)).toEqual(
      panels.map(({ body }) => body['title']),
    );
  });
});
