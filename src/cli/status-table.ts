import type { Snapshot, SnapshotFeed } from '../status/snapshot.ts';
import type { Ink } from './ink.ts';
import type { StatusView } from './status-text.ts';
import { counted, duration, grouped, rate, shortTime, sparkline } from './units.ts';

const mostRows = 20;
const gap = 2;

interface Column {
  readonly head: string;
  readonly right?: boolean;
  /** Left out first where the window is narrow; undefined: never. */
  readonly goes?: number;
  readonly cell: (feed: SnapshotFeed) => string;
}

/** One row a feed: what is held up first, then what is behind most. Fits the window. */
export function feedTable(snapshot: Snapshot, view: StatusView, ink: Ink): string[] {
  const { feeds } = snapshot;
  const sorted = [...feeds].sort(
    (a, b) =>
      Number(a.problem === null) - Number(b.problem === null) ||
      (b.lag_seconds ?? 0) - (a.lag_seconds ?? 0),
  );
  const shown = view.all === true ? sorted : sorted.slice(0, mostRows);
  const rows = fitting(columnsOf(snapshot, view), shown, view.terminal.columns, ink);
  const [head = '', ...lines] = rows;
  const hidden = sorted.slice(shown.length);
  const well = hidden.filter(({ problem }) => problem === null).length;
  const whole = hidden.length === well ? 'all well' : `${grouped(well)} of them well`;
  return [
    ink.bold(head),
    ...lines,
    ...(hidden.length === 0 ? [] : [`${counted(hidden.length, 'feed')} more, ${whole}: --all`]),
  ];
}

function columnsOf({ at }: Snapshot, { terminal }: StatusView): readonly Column[] {
  const nameOf = ({ id, account, account_id: child, endpoint, server }: SnapshotFeed): string =>
    child === null ? id : `${account} / ${endpoint} > ${server}`;
  return [
    { head: 'FEED', cell: nameOf },
    {
      head: 'STATE',
      cell: ({ problem, phase }) => (problem === null || phase === 'paused' ? phase : problem),
    },
    {
      head: 'LAST EVENT',
      goes: 4,
      cell: ({ last_event: last }) => (last === null ? '-' : shortTime(last, at)),
    },
    {
      head: 'LAG',
      right: true,
      cell: ({ lag_seconds: lag }) => (lag === null ? '-' : duration(lag * 1000)),
    },
    { head: 'EV/S', right: true, goes: 3, cell: (feed) => rate(feed.rate) },
    {
      head: 'LAST HOUR',
      goes: 1,
      cell: ({ last_hour: hour }) => sparkline(hour, terminal.ascii),
    },
    { head: 'ERRORS', right: true, goes: 2, cell: ({ errors }) => grouped(errors) },
  ];
}

function fitting(
  all: readonly Column[],
  feeds: readonly SnapshotFeed[],
  columns: number | undefined,
  ink: Ink,
): string[] {
  let used = all;
  for (;;) {
    const cells = used.map(({ head, cell }) => [
      head,
      ...feeds.map((feed) => ink.plain(cell(feed))),
    ]);
    const widths = cells.map((column) => Math.max(...column.map((text) => text.length)));
    const total = widths.reduce((sum, width) => sum + width + gap, -gap);
    const over = columns === undefined ? 0 : total - columns;
    const next = Math.min(...used.map(({ goes }) => goes ?? Infinity));
    if (over > 0 && next !== Infinity) {
      used = used.filter(({ goes }) => goes !== next);
      continue;
    }
    // The name is what is left to give.
    widths[0] = Math.max(8, (widths[0] ?? 0) - Math.max(0, over));
    return [...Array(feeds.length + 1).keys()].map((row) =>
      used
        .map(({ right }, at) => {
          const width = widths[at] ?? 0;
          const text = ink.fit(cells[at]?.[row] ?? '', width);
          return right === true ? text.padStart(width) : text.padEnd(width);
        })
        .join(' '.repeat(gap))
        .trimEnd(),
    );
  }
}
