import type { SnapshotFeed } from '../../status/snapshot.ts';

/** What a visitor asked to see; all of it stands in the address, so that it can be kept and sent. */
export interface PageView {
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly filter: string;
  readonly problemsOnly: boolean;
  /** From 1. */
  readonly page: number;
}

/** By what the feeds are put in order; computed once for each. */
export const sortKeys = {
  state: rankOf,
  account: ({ account }) => account.toLowerCase(),
  log: ({ endpoint }) => endpoint,
  server: ({ server }) => server.toLowerCase(),
  last: ({ last_event: last }) => last ?? '',
  lag: ({ lag_seconds: lag }) => lag ?? -1,
  rate: ({ rate }) => rate,
  day: ({ last_day: day }) => day.reduce((sum, count) => sum + count, 0),
  errors: ({ errors }) => errors,
  next: ({ next_try: next }) => next ?? '',
} satisfies Record<string, (feed: SnapshotFeed) => number | string>;

export type SortKey = keyof typeof sortKeys;

/** The columns in which the small comes first when they are chosen. */
const upwards: readonly SortKey[] = ['account', 'log', 'server'];

/** As many as a table can show without tiring reader and browser; the rest is on further pages. */
export const rowsOfPage = 200;
const longestFilter = 200;

/** The view that an address asks for; what it says wrong counts as not said. */
export function viewOf(query: URLSearchParams): PageView {
  // A pressed column head comes after the order that was.
  const wanted = query.getAll('sort').at(-1) ?? '';
  const name = wanted.replace(/^-/, '');
  const sort = isSortKey(name) ? name : 'state';
  const page = Number(query.get('page') ?? '1');
  return {
    sort,
    descending: isSortKey(name) ? wanted.startsWith('-') : true,
    filter: (query.get('q') ?? '').slice(0, longestFilter),
    problemsOnly: query.get('problems') === '1',
    page: Number.isSafeInteger(page) && page >= 1 ? page : 1,
  };
}

/** How the address asks for this order. */
export function sortName(sort: SortKey, descending: boolean): string {
  return descending ? `-${sort}` : sort;
}

/** What pressing a column's head asks for: the other way round, or the column's own first way. */
export function pressed(column: SortKey, { sort, descending }: PageView): string {
  return sortName(column, column === sort ? !descending : !upwards.includes(column));
}

/** The feeds that the view wants, in its order; equal ones as the default order has them. */
export function selected(feeds: readonly SnapshotFeed[], view: PageView): SnapshotFeed[] {
  const words = view.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const keyOf: (feed: SnapshotFeed) => number | string = sortKeys[view.sort];
  const sign = view.descending ? -1 : 1;
  return feeds
    .filter((feed) => (!view.problemsOnly || feed.problem !== null) && holds(feed, words))
    .map((feed) => ({ feed, key: keyOf(feed), rank: rankOf(feed) }))
    .sort(
      (a, b) => sign * compare(a.key, b.key) || b.rank - a.rank || compare(a.feed.id, b.feed.id),
    )
    .map(({ feed }) => feed);
}

// Intl's order takes a second for 10,000 names.
function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function holds(feed: SnapshotFeed, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const { id, account, server, phase, problem } = feed;
  const text = `${id} ${account} ${server} ${phase} ${problem ?? ''}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** What is held up is more than what is behind, what is behind more than what is well. */
function rankOf({ problem, lag_seconds: lag }: SnapshotFeed): number {
  return (problem === null ? 0 : 1e12) + (lag ?? 0);
}

function isSortKey(name: string): name is SortKey {
  return Object.hasOwn(sortKeys, name);
}
