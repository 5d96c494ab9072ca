import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ScaleFigures, scalePlot, scaleTable } from '../../scripts/scale/report.ts';

const docs = join(import.meta.dirname, '..', '..', 'docs');
const text = (name: string): string =>
  readFileSync(join(docs, name), 'utf8').replaceAll('\r\n', '\n');
const figures = JSON.parse(text('scale.json')) as ScaleFigures[];

describe('the figures of many feeds', () => {
  it('go from 10 to 10,000 feeds', () => {
    expect(figures.map(({ feeds }) => feeds)).toEqual([10, 100, 1_000, 3_000, 10_000]);
  });

  it('are those that the plot shows; if not, run: npm run scale', () => {
    expect(text('scale.svg')).toBe(scalePlot(figures));
  });

  it('are those of the table in docs/performance.md', () => {
    expect(text('performance.md')).toContain(scaleTable(figures));
  });
});
