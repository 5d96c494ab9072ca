/** The kinds of panels that the dashboard has, as Grafana's JSON spells them. */
export interface Query {
  /** PromQL. */
  readonly expr: string;
  /** What its series are called; '' leaves it to Grafana. */
  readonly legend: string;
}

export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** A panel without its place. */
export interface Panel {
  readonly width: number;
  readonly height: number;
  readonly body: JsonObject;
}

interface Look {
  readonly help?: string;
  readonly unit?: string;
}
/** What to show instead of a number, and its colour: a word, because a colour alone is no sign. */
interface Worded extends Look {
  readonly words?: Readonly<Record<number, readonly [word: string, colour: string]>>;
}

const wholeWidth = 24;
const source = { type: 'prometheus', uid: '${datasource}' } as const;

export function row(title: string): Panel {
  return {
    width: wholeWidth,
    height: 1,
    body: { type: 'row', title, collapsed: false, panels: [] },
  };
}

export function stat(
  title: string,
  width: number,
  queries: readonly Query[],
  { redFrom, ...look }: Worded & { readonly redFrom?: number },
): Panel {
  const steps = [
    { color: 'green', value: null },
    ...(redFrom === undefined ? [] : [{ color: 'red', value: redFrom }]),
  ];
  return panel('stat', title, { width, height: 4 }, queries, {
    look,
    defaults: { thresholds: { mode: 'absolute', steps }, color: { mode: 'thresholds' } },
    options: {
      colorMode: 'background',
      graphMode: 'none',
      reduceOptions: { calcs: ['lastNotNull'] },
    },
  });
}

export function timeSeries(
  title: string,
  width: number,
  queries: readonly Query[],
  { stacked = false, ...look }: Look & { readonly stacked?: boolean } = {},
): Panel {
  return panel('timeseries', title, { width, height: 8 }, queries, {
    look,
    defaults: {
      min: 0,
      custom: { fillOpacity: 10, stacking: { mode: stacked ? 'normal' : 'none', group: 'A' } },
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  });
}

export function timeline(
  title: string,
  width: number,
  queries: readonly Query[],
  look: Worded,
): Panel {
  return panel('state-timeline', title, { width, height: 8 }, queries, {
    look,
    defaults: { custom: { fillOpacity: 80, lineWidth: 0 } },
    options: { showValue: 'auto', mergeValues: true, legend: { showLegend: false } },
  });
}

/** The newest value of each series, a row each, a column for each label. */
export function table(
  title: string,
  width: number,
  queries: readonly Query[],
  { hide, ...look }: Look & { readonly hide: readonly string[] },
): Panel {
  const excludeByName = Object.fromEntries(hide.map((name) => [name, true]));
  return panel('table', title, { width, height: 8 }, queries, {
    look,
    defaults: {},
    options: { showHeader: true, cellHeight: 'sm' },
    target: { instant: true, range: false, format: 'table' },
    transformations: [{ id: 'organize', options: { excludeByName } }],
  });
}

interface Parts {
  readonly look: Worded;
  readonly defaults: JsonObject;
  readonly options: JsonObject;
  readonly target?: JsonObject;
  readonly transformations?: Json;
}

function panel(
  type: string,
  title: string,
  { width, height }: Pick<Panel, 'width' | 'height'>,
  queries: readonly Query[],
  { look: { help, unit, words }, defaults, options, target = {}, transformations }: Parts,
): Panel {
  const mappings = Object.entries(words ?? {}).map(([value, [text, color]], index) => {
    return { type: 'value', options: { [value]: { text, color, index } } };
  });
  return {
    width,
    height,
    body: {
      type,
      title,
      ...(help === undefined ? {} : { description: help }),
      datasource: source,
      fieldConfig: { defaults: { ...defaults, unit: unit ?? 'short', mappings }, overrides: [] },
      options,
      targets: queries.map(({ expr, legend }, at) => ({
        ...{ refId: String.fromCharCode(65 + at), datasource: source, expr, ...target },
        legendFormat: legend === '' ? '__auto' : legend,
      })),
      ...(transformations === undefined ? {} : { transformations }),
    },
  };
}
