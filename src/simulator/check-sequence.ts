import { serialIn } from './history.ts';
import { TornLines, type LineFormat } from './torn-lines.ts';

/** A row that was to arrive; one that stands there twice is to arrive twice. */
export interface SentRow {
  readonly serial: string;
  /** Duo showed it late, so it may come after later ones. */
  readonly late?: boolean;
}

interface Received {
  /** What arrived: whole lines without LF. */
  readonly received: Iterable<Uint8Array | string>;
  /** What connections that ended in the middle of a line had brought of it. */
  readonly cutOff?: Iterable<Uint8Array | string>;
  readonly format: LineFormat;
}

export interface SequenceInput extends Received {
  readonly sent: Iterable<SentRow>;
}

export interface FeedsInput extends Received {
  /** The rows of each feed of this server, in Duo's order; no serial in two of them. */
  readonly feeds: ReadonlyMap<string, Iterable<SentRow>>;
}

export interface SequenceReport {
  /** Serials that came less often than they were sent. */
  readonly lost: readonly string[];
  /** How many lines came beyond what was sent. */
  readonly repeated: number;
  /** How many events came for the first time after a later one, those that Duo showed late aside. */
  readonly reordered: number;
  /** The beginnings of lines that are no event of that format. */
  readonly malformed: readonly string[];
  /** How many lines were cut in half by a kill; none of them counts as come, nor as malformed. */
  readonly torn: number;
  /** Serials that were never sent. */
  readonly unknown: readonly string[];
}

export interface FeedsReport {
  readonly feeds: ReadonlyMap<string, SequenceReport>;
  /** What came and belongs to no feed: no serial (any more), or one that was never sent. */
  readonly strays: Pick<SequenceReport, 'malformed' | 'torn' | 'unknown'>;
}

/** Compares what a SIEM got with what Duo had, by the serial in each line, all feeds taken as one. */
export function checkSequence({ sent, ...input }: SequenceInput): SequenceReport {
  const { feeds, strays } = checkFeeds({ ...input, feeds: new Map([['', sent]]) });
  const own = feeds.get('') ?? report([], newTally());
  return {
    ...own,
    // Of one feed alone, strays are the feed's.
    malformed: [...own.malformed, ...strays.malformed],
    torn: own.torn + strays.torn,
    unknown: strays.unknown,
  };
}

/** The same for each feed of a server. */
export function checkFeeds({ feeds, received, cutOff = [], format }: FeedsInput): FeedsReport {
  const expected = new Map<string, Expected>();
  const tallies = new Map<string, Tally>();
  for (const [feed, rows] of feeds) {
    tallies.set(feed, newTally());
    let place = 0;
    for (const { serial, late = false } of rows) {
      const entry = expected.get(serial);
      if (entry !== undefined) entry.due += 1;
      else expected.set(serial, { feed, place: (place += 1), late, due: 1, seen: 0 });
    }
  }
  const strays = newTally();
  const tallyOf = (serial: string | undefined): Tally =>
    tallies.get(expected.get(serial ?? '')?.feed ?? '\n') ?? strays;
  const texts = Array.from(received, textOf);
  const torn = new TornLines(texts, format);
  for (const text of texts) {
    const serial = serialIn(text);
    const entry = expected.get(serial ?? '');
    if (torn.has(text)) tallyOf(serial).torn += 1;
    else if (serial === undefined || torn.serialOf(text) === undefined) {
      tallyOf(serial).malformed.push(text.slice(0, shownCharacters));
    } else if (entry === undefined) strays.unknown.push(serial);
    else count(entry, tallyOf(serial));
  }
  for (const piece of cutOff) {
    const text = textOf(piece);
    if (text !== '') tallyOf(serialIn(text)).torn += 1;
  }
  const lost = new Map([...tallies.keys()].map((feed) => [feed, [] as string[]]));
  for (const [serial, { feed, due, seen }] of expected) {
    if (seen < due) lost.get(feed)?.push(serial);
  }
  const reports = [...tallies].map(
    ([feed, tally]) => [feed, report(lost.get(feed) ?? [], tally)] as const,
  );
  return { feeds: new Map(reports), strays };
}

interface Expected {
  readonly feed: string;
  readonly place: number;
  readonly late: boolean;
  due: number;
  seen: number;
}

interface Tally {
  repeated: number;
  reordered: number;
  furthest: number;
  torn: number;
  readonly malformed: string[];
  readonly unknown: string[];
}

const shownCharacters = 200;

function newTally(): Tally {
  return { repeated: 0, reordered: 0, furthest: 0, torn: 0, malformed: [], unknown: [] };
}

function count(entry: Expected, tally: Tally): void {
  entry.seen += 1;
  if (entry.seen > entry.due) tally.repeated += 1;
  if (entry.late) return;
  if (entry.seen === 1 && entry.place < tally.furthest) tally.reordered += 1;
  tally.furthest = Math.max(tally.furthest, entry.place);
}

function report(lost: readonly string[], { furthest: _, ...tally }: Tally): SequenceReport {
  return { lost, ...tally };
}

function textOf(line: Uint8Array | string): string {
  return typeof line === 'string' ? line : Buffer.from(line).toString();
}
