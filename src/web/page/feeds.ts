import { counted, duration, grouped, rate } from '../../core/units.ts';
import type { Snapshot, SnapshotFeed } from '../../status/snapshot.ts';
import { markup, type Markup, type Part, trusted } from './markup.ts';
import { type Sign, signOf } from './signs.ts';
import { sparkline } from './sparkline.ts';
import { none, soon, timeOf } from './times.ts';
import { type PageView, pressed, rowsOfPage, selected, type SortKey, sortName } from './view.ts';

interface Column {
  readonly key: SortKey;
  readonly head: string;
  /** Classes: `num` to the right; `wide` and `wider` only where there is room; `long` may be broken. */
  readonly kind?: string;
  readonly cell: (feed: SnapshotFeed, at: string) => Part;
}

/** The feeds of the view, a page at a time, with what narrows and orders them: a form, so that it works without script. */
export function feedsOf(snapshot: Snapshot, view: PageView): Markup {
  const { feeds, totals } = snapshot;
  const found = selected(feeds, view);
  const pages = Math.max(1, Math.ceil(found.length / rowsOfPage));
  const page = Math.min(view.page, pages);
  const rows = found.slice((page - 1) * rowsOfPage, page * rowsOfPage);
  const columns = columnsOf(snapshot);
  const head = columns.map((column) => headCell(column, view));
  const body = rows.map((feed) => rowOf(feed, columns, snapshot.at));
  const empty = feeds.length === 0 ? 'No feed runs yet.' : 'No feed is like that.';
  return markup`${formOf(view, countWords(found.length, totals.feeds, totals.well))}
<div class="scroll" role="region" aria-labelledby="h-feeds" tabindex="0"><table>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody>
</table></div>
${rows.length === 0 && markup`<p class="empty">${empty}</p>`}
${pages > 1 && pager(page, pages, found.length)}`;
}

function formOf({ sort, descending, filter, problemsOnly }: PageView, count: string): Markup {
  const checked = problemsOnly && trusted(' checked');
  return markup`<form id="view" method="get" role="search" aria-label="Feeds">
<input type="hidden" name="sort" value="${sortName(sort, descending)}">
<label class="field"><span>Filter</span> <input type="search" name="q" id="q" value="${filter}" maxlength="200" placeholder="account, log, server or code" autocomplete="off" spellcheck="false"></label>
<label class="check"><input type="checkbox" name="problems" id="only" value="1"${checked}> problems only</label>
<button class="apply">Apply</button>
<p class="count">${count}</p>
</form>`;
}

function countWords(found: number, all: number, well: number): string {
  const of = found === all ? counted(all, 'feed') : `${grouped(found)} of ${counted(all, 'feed')}`;
  return `${of}, ${well === all ? 'all well' : `${grouped(well)} well`}`;
}

function headCell({ key, head, kind }: Column, view: PageView): Markup {
  const isSorted = view.sort === key;
  const way = isSorted ? (view.descending ? 'descending' : 'ascending') : 'none';
  const arrow = isSorted && markup` <i aria-hidden="true">${view.descending ? '▾' : '▴'}</i>`;
  return markup`<th scope="col" class="${kind}" aria-sort="${way}"><button form="view" name="sort" value="${pressed(key, view)}" data-key="${key}">${head}${arrow}</button></th>`;
}

function rowOf(feed: SnapshotFeed, columns: readonly Column[], at: string): Markup {
  const held = feed.problem !== null && trusted(' class="held"');
  const cells = columns.map(({ key, kind, cell }) =>
    key === 'state'
      ? markup`<th scope="row">${cell(feed, at)}</th>`
      : markup`<td class="${kind}">${cell(feed, at)}</td>`,
  );
  return markup`<tr data-key="${feed.id}"${held}>${cells}</tr>\n`;
}

function pager(page: number, pages: number, found: number): Markup {
  const to = (name: string, there: number): Markup => {
    const disabled = (there < 1 || there > pages) && trusted(' disabled');
    return markup`<button form="view" name="page" value="${there}" data-key="${name}"${disabled}>${name}</button>`;
  };
  const first = (page - 1) * rowsOfPage + 1;
  const last = Math.min(found, page * rowsOfPage);
  const which = `${grouped(first)} to ${grouped(last)} of ${grouped(found)}`;
  return markup`<nav class="pager" aria-label="Pages of feeds">${to('Previous', page - 1)}<span>${which}</span>${to('Next', page + 1)}</nav>`;
}

/** Without those that would say the same in every row. */
function columnsOf({ totals, servers }: Snapshot): readonly Column[] {
  const account: Column = {
    key: 'account',
    head: 'Account',
    kind: 'long',
    cell: ({ account: name }) => markup`<bdi>${name}</bdi>`,
  };
  const server: Column = {
    key: 'server',
    head: 'Server',
    kind: 'long wide',
    cell: ({ server: id }) => markup`<bdi>${id}</bdi>`,
  };
  return [
    { key: 'state', head: 'State', cell: stateCell },
    ...(totals.accounts > 1 ? [account] : []),
    { key: 'log', head: 'Log', cell: ({ endpoint }) => endpoint },
    ...(servers.length > 1 ? [server] : []),
    ...numbers,
  ];
}

const numbers: readonly Column[] = [
  { key: 'last', head: 'Last event', kind: 'num wide', cell: (f, at) => timeOf(f.last_event, at) },
  { key: 'lag', head: 'Lag', kind: 'num', cell: lagCell },
  { key: 'rate', head: 'Events/s', kind: 'num wider', cell: (feed) => rate(feed.rate) },
  { key: 'day', head: '24 hours', kind: 'num day', cell: dayCell },
  { key: 'errors', head: 'Errors', kind: 'num wider', cell: ({ errors }) => grouped(errors) },
  { key: 'next', head: 'Next try', kind: 'num wider', cell: (f, at) => soon(f.next_try, at) },
];

function stateCell({ phase, problem }: SnapshotFeed): Markup {
  const [sign, word] = stateOf(phase, problem);
  const code = problem !== null && problem !== word && markup` <code>${problem}</code>`;
  return markup`<span class="state">${signOf(sign)}<span>${word}</span>${code}</span>`;
}

/** A feed whose server is in trouble runs by itself: it waits. */
function stateOf(phase: string, problem: string | null): readonly [Sign, string] {
  if (phase === 'paused') return ['pause', 'paused'];
  if (phase === 'parked') return ['bad', 'parked'];
  if (phase === 'retrying') return ['warn', 'retrying'];
  if (problem !== null) return ['bad', 'waiting'];
  return phase === 'running' ? ['ok', 'running'] : ['busy', phase];
}

function lagCell({ lag_seconds: lag }: SnapshotFeed): Part {
  return lag === null ? none : duration(lag * 1000);
}

function dayCell({ last_day: day }: SnapshotFeed): Markup {
  const sum = day.reduce((a, b) => a + b, 0);
  return markup`<span class="count">${grouped(sum)}</span>${sparkline(day, { one: 'event', span: 'in 24 hours' })}`;
}
