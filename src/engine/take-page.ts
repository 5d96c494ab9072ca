import { createHash } from 'node:crypto';
import type { Cursor, OpenWindow } from '../core/cursor.ts';
import { pythonJson } from '../core/python-json.ts';
import type { Row } from '../core/row.ts';
import type { JsonObject, LogEvent } from '../core/types.ts';
import { Taken } from './taken.ts';
import type { WindowRules } from './window.ts';

/** A row with what its endpoint says of it. */
export interface RowFacts {
  readonly row: Row;
  readonly id: string | undefined;
  readonly timeMs: number | undefined;
}

/** A page after the rows that were taken before are dropped. */
export interface TakenPage {
  readonly count: number;
  readonly events: readonly LogEvent[];
  /** Events that Duo showed only after the position had passed them. */
  readonly late: number;
  /** How late the latest of them is at least: a re-read so long after its time did not show it yet. */
  readonly lateByMs: number;
  /** The page's newest and oldest readable times; undefined when no row has one. */
  readonly newestMs: number | undefined;
  readonly oldestMs: number | undefined;
  /** Names the page by its first and last row; '' for an empty one. */
  readonly name: string;
  /** The same page was served twice in a row. */
  readonly again: boolean;
  /** The cursor with position and ids moved; its window is still the page's own. */
  readonly cursor: Cursor & { readonly window: OpenWindow };
}

/** Drops what was taken, and moves position and ids past the rest. */
export function takePage(
  rows: readonly RowFacts[],
  cursor: Cursor & { readonly window: OpenWindow },
  rules: WindowRules,
): TakenPage {
  const { window } = cursor;
  const taken = Taken.parse(cursor.taken);
  const rememberFromMs = window.nowMs - rules.lookbackMs - rules.settleMs - 2 * rules.rereadMs;
  const twins = new Map<string, number>();
  const events: LogEvent[] = [];
  const name = pageName(rows);
  const again = name !== '' && name === window.lastPage;
  let late = 0;
  let lateByMs = 0;
  let timeMs = cursor.positionMs;
  let newestMs: number | undefined;
  let oldestMs: number | undefined;
  let idsSinceMs = cursor.idsSinceMs;
  let positionMs = cursor.positionMs;
  let positionId = cursor.positionId;
  for (const facts of again ? [] : rows) {
    timeMs = facts.timeMs ?? timeMs;
    const id = facts.id ?? idOfText(facts.row, timeMs, rules.unit === 's' ? twins : undefined);
    if (facts.timeMs !== undefined) {
      newestMs = Math.max(newestMs ?? timeMs, timeMs);
      oldestMs = Math.min(oldestMs ?? timeMs, timeMs);
    }
    if (!taken.take(id, timeMs)) continue;
    events.push(new TakenRow(facts.row, id, timeMs));
    if (facts.timeMs === undefined) continue;
    if (timeMs <= window.fromMs && window.rereadPages !== undefined) {
      late += 1;
      // Without order a change of state looks the same; a re-read in parts had not come so far everywhere.
      const proves = rules.ordered && cursor.rereadToMs === undefined;
      if (proves) lateByMs = Math.max(lateByMs, cursor.rereadAtMs - timeMs);
    }
    if (rules.ordered && timeMs < rememberFromMs) idsSinceMs = Math.max(idsSinceMs, timeMs + 1);
    // A row dated after now counts as now: a wrong clock at Duo's customer must not move us past real rows.
    const atMs = Math.min(timeMs, window.nowMs);
    if (rules.ordered && atMs >= positionMs) {
      positionMs = atMs;
      positionId = facts.id;
    }
  }
  // What is older can no longer be asked for again, but the position's own second always is.
  const lookedBackMs = Math.ceil(positionMs - rules.lookbackMs);
  const keepMs = Math.min(positionMs, Math.max(lookedBackMs, idsSinceMs));
  taken.dropBefore(keepMs);
  const { positionId: _, ...rest } = cursor;
  const moved = {
    ...rest,
    positionMs,
    ...(positionId === undefined ? {} : { positionId }),
    idsSinceMs: Math.max(idsSinceMs, keepMs),
    taken: events.length === 0 && keepMs <= cursor.idsSinceMs ? cursor.taken : taken.toString(),
    fullest: Math.max(cursor.fullest, rows.length),
  };
  const seen = { count: rows.length, events, late, lateByMs, newestMs, oldestMs, name, again };
  return { ...seen, cursor: moved };
}

class TakenRow implements LogEvent {
  readonly id: string;
  readonly timeMs: number;
  readonly #row: Row;

  constructor(row: Row, id: string, timeMs: number) {
    this.#row = row;
    this.id = id;
    this.timeMs = timeMs;
  }

  get source(): Uint8Array {
    return this.#row.source;
  }

  get body(): JsonObject {
    return this.#row.body;
  }
}

/**
 * A row without an id is known by its text as DLS would write it, so that spacing does not count; v1 tells
 * true twins apart by their number in their second, counted in `twins`.
 */
export function idOfText(row: Row, timeMs: number, twins: Map<string, number> | undefined): string {
  const text = createHash('sha256').update(spelled(row)).digest('hex');
  const id = text.slice(0, 32);
  if (twins === undefined) return id;
  const twin = `${Math.floor(timeMs / 1000)} ${text}`;
  const number = (twins.get(twin) ?? 0) + 1;
  twins.set(twin, number);
  return `${id}-${number}`;
}

function spelled({ source }: Row): Uint8Array {
  try {
    return pythonJson(source, 'python');
  } catch {
    // Too deep to be written anew; it still is one row, and no other is held up by it.
    return source;
  }
}

function pageName(rows: readonly RowFacts[]): string {
  const first = rows[0];
  const last = rows[rows.length - 1];
  if (first === undefined || last === undefined) return '';
  const hash = createHash('sha256').update(first.row.source).update(last.row.source);
  return hash.update(String(rows.length)).digest('base64').slice(0, 12);
}
