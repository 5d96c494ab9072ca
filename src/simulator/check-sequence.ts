import { serialIn } from './history.ts';

export interface SequenceInput {
  /** What was to arrive: rows of the ledger; a serial that stands there twice is to arrive twice. */
  readonly sent: Iterable<{ readonly serial: string }>;
  /** What arrived: whole lines without LF. */
  readonly received: Iterable<Uint8Array | string>;
  readonly format: 'json' | 'cef';
}

export interface SequenceReport {
  /** Serials that came less often than they were sent. */
  readonly lost: readonly string[];
  /** How many lines came beyond what was sent. */
  readonly repeated: number;
  /** How many events came for the first time after a later one. */
  readonly reordered: number;
  /** The beginnings of lines that are no event of that format. */
  readonly malformed: readonly string[];
  /** Serials that were never sent. */
  readonly unknown: readonly string[];
}

/** Compares what a SIEM got with what Duo had, by the serial in each line. */
export function checkSequence({ sent, received, format }: SequenceInput): SequenceReport {
  const expected = new Map<string, { readonly place: number; due: number; seen: number }>();
  let place = 0;
  for (const { serial } of sent) {
    const entry = expected.get(serial);
    if (entry === undefined) expected.set(serial, { place: (place += 1), due: 1, seen: 0 });
    else entry.due += 1;
  }
  const malformed: string[] = [];
  const unknown: string[] = [];
  let repeated = 0;
  let reordered = 0;
  let furthest = 0;
  for (const line of received) {
    const text = typeof line === 'string' ? line : Buffer.from(line).toString();
    const serial = wellFormed(text, format) ? serialIn(text) : undefined;
    if (serial === undefined) {
      malformed.push(text.slice(0, 200));
      continue;
    }
    const entry = expected.get(serial);
    if (entry === undefined) {
      unknown.push(serial);
      continue;
    }
    entry.seen += 1;
    if (entry.seen > entry.due) repeated += 1;
    if (entry.seen === 1 && entry.place < furthest) reordered += 1;
    furthest = Math.max(furthest, entry.place);
  }
  const lost = [...expected].filter(([, { seen, due }]) => seen < due).map(([serial]) => serial);
  return { lost, repeated, reordered, malformed, unknown };
}

// One header with its seven bars and nothing before it but a prefix, one event alone.
const cef = /^(?:(?!CEF:)[^|])*CEF:[01](?:\|(?:[^|\\]|\\[|\\])*){6}\|(?!.*CEF:[01]\|)/;

function wellFormed(text: string, format: 'json' | 'cef'): boolean {
  if (format === 'cef') return cef.test(text);
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
