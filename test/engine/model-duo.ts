import type { Cursor } from '../../src/core/cursor.ts';
import { Row } from '../../src/core/row.ts';
import type { LogEvent } from '../../src/core/types.ts';
import type { RowFacts } from '../../src/engine/take-page.ts';
import { open, read, type Reading, type WindowRules } from '../../src/engine/window.ts';

export interface ModelEvent {
  readonly serial: number;
  readonly timeUs: number;
  /** When Duo begins to show it. */
  readonly visibleAtMs: number;
}

export interface ModelOptions {
  readonly unit: 'ms' | 's';
  readonly pageLimit: number;
  /** v2: rows served per page may be fewer than asked. */
  readonly served?: number;
  /** v2: whether the last page carries an offset too. */
  readonly offsetAtEnd: boolean;
}

const encoder = new TextEncoder();

/** Duo as the reference describes it, in memory: what a window shows at a time. */
export class ModelDuo {
  calls = 0;
  readonly events: ModelEvent[];
  readonly options: ModelOptions;

  constructor(events: readonly ModelEvent[], options: ModelOptions) {
    this.options = options;
    this.events = [...events].sort((a, b) => a.timeUs - b.timeUs || a.serial - b.serial);
  }

  ask(
    cursor: Cursor & { window: NonNullable<Cursor['window']> },
    nowMs: number,
  ): {
    rows: RowFacts[];
    offset: string | undefined;
  } {
    this.calls += 1;
    const { unit, pageLimit, served = pageLimit, offsetAtEnd } = this.options;
    const { mintimeMs, endMs, offset } = cursor.window;
    const seen = this.events.filter((event) => event.visibleAtMs <= nowMs);
    if (unit === 's') {
      const from = Math.floor(mintimeMs / 1000);
      const rows = seen.filter((event) => Math.floor(event.timeUs / 1e6) >= from);
      return {
        rows: rows.slice(0, pageLimit).map((event) => this.#facts(event)),
        offset: undefined,
      };
    }
    let rows = seen.filter(
      (e) => e.timeUs >= mintimeMs * 1000 && Math.floor(e.timeUs / 1000) <= endMs,
    );
    if (offset !== undefined) {
      const [ms = 0, serial = 0] = offset.split(',').map(Number);
      const after = this.events.find((e) => e.serial === serial)?.timeUs ?? ms * 1000;
      rows = rows.filter((e) => e.timeUs > after || (e.timeUs === after && e.serial > serial));
    }
    const page = rows.slice(0, served);
    const last = page[page.length - 1];
    const goesOn = last !== undefined && (offsetAtEnd || rows.length > page.length);
    return {
      rows: page.map((event) => this.#facts(event)),
      offset: goesOn ? `${Math.floor(last.timeUs / 1000)},${last.serial}` : undefined,
    };
  }

  #facts(event: ModelEvent): RowFacts {
    const seconds = this.options.unit === 's';
    const text = seconds ? `{"t":${Math.floor(event.timeUs / 1e6)}}` : `{"n":${event.serial}}`;
    const id = seconds ? undefined : `id-${event.serial}`;
    const timeMs = Math.floor(event.timeUs / 1000);
    return {
      row: new Row(encoder.encode(text)),
      id,
      timeMs: seconds ? Math.floor(timeMs / 1000) * 1000 : timeMs,
    };
  }
}

/** One poll from its window to its end, as the feed does it; `cut` stops between pages. */
export function poll(
  duo: ModelDuo,
  start: Cursor,
  nowMs: number,
  rules: WindowRules,
  deliver: (event: LogEvent, reading: Reading) => void,
  cut: (page: number) => 'go' | 'restart' = () => 'go',
): Cursor {
  let cursor = start;
  for (let page = 0; page < 10_000; page += 1) {
    const opened = open(cursor, nowMs, rules);
    if (opened === undefined) return cursor;
    const { rows, offset } = duo.ask(opened.cursor, nowMs);
    const reading = read(rows, offset, opened.cursor, rules);
    for (const event of reading.events) deliver(event, reading);
    // A restart between delivery and save reads the page again; here the save is done: JSON and back.
    cursor =
      cut(page) === 'restart' ? (JSON.parse(JSON.stringify(reading.next)) as Cursor) : reading.next;
    if (!reading.more) return cursor;
  }
  throw new Error('the poll does not end');
}
