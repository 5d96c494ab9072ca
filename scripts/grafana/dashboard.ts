import type { Json, JsonObject, Panel } from './kinds.ts';
import { panels } from './panels.ts';

const wholeWidth = 24;

/** deploy/grafana/duologsync.json, as Grafana 9 and later import it; nothing in it names a machine or a data source. */
export function dashboardText(): string {
  const dashboard: JsonObject = {
    uid: 'duologsync',
    title: 'duologsync',
    description: 'Problems first, then freshness, events, servers, Duo and the process.',
    tags: ['duologsync'],
    schemaVersion: 37,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    timezone: '',
    annotations: { list: [] },
    links: [],
    templating: { list: variables },
    panels: placed(panels),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

const source = { type: 'prometheus', uid: '${datasource}' } as const;

const variables: readonly Json[] = [
  { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
  choice('job', 'label_values(duologsync_build_info, job)'),
  choice('instance', 'label_values(duologsync_build_info{job=~"$job"}, instance)'),
  // Without the label there is nothing to choose, and "All" is all there is.
  choice(
    'account',
    'label_values(duologsync_feed_up{job=~"$job", instance=~"$instance"}, account)',
  ),
];

function choice(name: string, query: string): JsonObject {
  return {
    ...{
      name,
      type: 'query',
      datasource: source,
      query: { query, refId: name },
      definition: query,
    },
    // Not the list of all values: 2,000 accounts would make each query 60 kB long.
    ...{ multi: true, includeAll: true, allValue: '.*', refresh: 2, sort: 1 },
    current: { text: 'All', value: '$__all' },
  };
}

/** From left to right, a new line when the next one does not fit. */
function placed(all: readonly Panel[]): JsonObject[] {
  let at = { x: 0, y: 0, height: 0 };
  return all.map(({ width: w, height: h, body }, index) => {
    if (at.x + w > wholeWidth) at = { x: 0, y: at.y + at.height, height: 0 };
    const gridPos = { x: at.x, y: at.y, w, h };
    at = { x: at.x + w, y: at.y, height: Math.max(at.height, h) };
    return { id: index + 1, gridPos, ...body };
  });
}
