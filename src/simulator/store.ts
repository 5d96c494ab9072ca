import type { EndpointRules } from './endpoints.ts';

/** A row to be served. */
export interface EventSpec {
  /** Tells this event from all others of its endpoint, in every format. */
  readonly serial: string;
  readonly id: string;
  /** Unix time in microseconds (v1: whole seconds), as the row's text says it. */
  readonly timeUs: number;
  /** How much later than usual it becomes visible. */
  readonly latenessMs?: number;
  /** The row's JSON, byte for byte; a function when holding the text would cost memory. */
  readonly text: string | (() => string);
  /** What its text becomes: Trust Monitor's events change their state without a new event. */
  readonly later?: { readonly atMs: number; readonly text: string | (() => string) };
}

export interface LedgerRow {
  readonly serial: string;
  readonly id: string;
  readonly timeMs: number;
  readonly visibleAtMs: number;
}

export interface StoredRow {
  readonly spec: EventSpec;
  readonly visibleAtMs: number;
}

/** The rows of one account and endpoint, in the order in which they are served. */
export class RowStore {
  readonly #compare: (a: StoredRow, b: StoredRow) => number;
  readonly #visibleDelayMs: number;
  #rows: StoredRow[] = [];
  #sorted = true;

  constructor(style: EndpointRules['style'], order: 'us' | 'ms', visibleDelayMs: number) {
    this.#compare = comparison(style, order);
    this.#visibleDelayMs = visibleDelayMs;
  }

  add(specs: readonly EventSpec[]): void {
    for (const spec of specs) {
      const visibleAtMs = msOf(spec) + this.#visibleDelayMs + (spec.latenessMs ?? 0);
      this.#rows.push({ spec, visibleAtMs });
    }
    this.#sorted = false;
  }

  get rows(): readonly StoredRow[] {
    if (!this.#sorted) this.#rows.sort(this.#compare);
    this.#sorted = true;
    return this.#rows;
  }

  ledger(): LedgerRow[] {
    return this.rows.map(({ spec, visibleAtMs }) => {
      return { serial: spec.serial, id: spec.id, timeMs: msOf(spec), visibleAtMs };
    });
  }
}

export function msOf(spec: EventSpec): number {
  return Math.floor(spec.timeUs / 1000);
}

/** The row as it reads at that time; without one, as it was first. */
export function textOf({ text, later }: EventSpec, nowMs = 0): string {
  const current = later !== undefined && later.atMs <= nowMs ? later.text : text;
  return typeof current === 'string' ? current : current();
}

/** The index of the first row at or after that millisecond. */
export function firstAt(rows: readonly StoredRow[], timeMs: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row !== undefined && msOf(row.spec) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function comparison(style: EndpointRules['style'], order: 'us' | 'ms') {
  // The sort is stable: rows of one second of a v1 log stay in the order of their arrival.
  if (style === 'v1') return (a: StoredRow, b: StoredRow) => a.spec.timeUs - b.spec.timeUs;
  const time = (row: StoredRow): number => (order === 'us' ? row.spec.timeUs : msOf(row.spec));
  return (a: StoredRow, b: StoredRow) => time(a) - time(b) || (a.spec.id < b.spec.id ? -1 : 1);
}
