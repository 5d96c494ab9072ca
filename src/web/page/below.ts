import { counted, grouped, rate } from '../../core/units.ts';
import type { Snapshot, SnapshotHappened, SnapshotServer } from '../../status/snapshot.ts';
import { markup, type Markup, type Part } from './markup.ts';
import { signOf } from './signs.ts';
import { sparkline } from './sparkline.ts';
import { none, secondsOf, sinceOf, timeOf } from './times.ts';

const dayMs = 86_400_000;
/** So many days ahead the end of a certificate is a warning. */
const soonDays = 30;

interface Column<Row> {
  readonly head: string;
  readonly kind?: string;
  readonly cell: (row: Row) => Part;
}

/** The first column is the head of its row. */
function table<Row>(
  id: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): Markup {
  const heads = columns.map(
    ({ head, kind }) => markup`<th scope="col" class="${kind}">${head}</th>`,
  );
  const cellsOf = (row: Row): readonly Markup[] =>
    columns.map(({ kind, cell }, at) =>
      at === 0
        ? markup`<th scope="row">${cell(row)}</th>`
        : markup`<td class="${kind}">${cell(row)}</td>`,
    );
  return markup`<div class="scroll" role="region" aria-labelledby="h-${id}" tabindex="0"><table>
<thead><tr>${heads}</tr></thead>
<tbody>${rows.map((row) => markup`<tr data-key="${keyOf(row)}">${cellsOf(row)}</tr>\n`)}</tbody>
</table></div>`;
}

/** The servers: what they are, how sure a delivery is, until when their certificate is good. */
export function serversOf({ servers, at, problems }: Snapshot): Markup {
  const sinceWhen = (id: string): string | null =>
    problems.find(({ kind, what }) => kind === 'server' && what.startsWith(`server ${id} (`))
      ?.since ?? null;
  const beats: Column<SnapshotServer> = {
    head: 'Heartbeat',
    kind: 'num wide',
    cell: (server) => heartbeatCell(server, at),
  };
  const columns: readonly Column<SnapshotServer>[] = [
    { head: 'State', cell: serverState },
    { head: 'Server', cell: ({ id }) => markup`<bdi>${id}</bdi>` },
    { head: 'Address', kind: 'long', cell: (server) => addressCell(server, sinceWhen, at) },
    { head: 'Confirms', kind: 'wide', cell: ({ level }) => level },
    { head: 'Events/s', kind: 'num', cell: (server) => rate(server.rate) },
    { head: 'Lines confirmed', kind: 'num wide', cell: (one) => grouped(one.confirmed_lines) },
    { head: 'Feeds', kind: 'num wider', cell: ({ feeds }) => grouped(feeds) },
    ...(servers.some(({ heartbeat }) => heartbeat !== null) ? [beats] : []),
    { head: 'Certificate ends', cell: (server) => certificateCell(server, at) },
  ];
  return table('servers', columns, servers, ({ id }) => id);
}

function serverState({ problem }: SnapshotServer): Markup {
  return problem === null
    ? markup`<span class="state">${signOf('ok')}<span>up</span></span>`
    : markup`<span class="state">${signOf('bad')}<span>down</span> <code>${problem}</code></span>`;
}

function addressCell(
  { id, address }: SnapshotServer,
  sinceWhen: (id: string) => string | null,
  at: string,
): Markup {
  const since = sinceWhen(id);
  const how = since !== null && markup` <small class="faint">since ${sinceOf(since, at)}</small>`;
  return markup`<bdi>${address}</bdi>${how}`;
}

function heartbeatCell({ heartbeat }: SnapshotServer, at: string): Part {
  if (heartbeat === null) return none;
  const { dropped, last_sent: last } = heartbeat;
  const lost = dropped > 0 && markup` <small class="faint">${grouped(dropped)} dropped</small>`;
  return markup`${timeOf(last, at)}${lost}`;
}

/** The server's own, and under it the one that is shown to the server. */
function certificateCell(server: SnapshotServer, at: string): Part {
  const { certificate_ends: ends, client_certificate_ends: ours } = server;
  if (ours === null) return endOf(ends, at);
  return markup`${endOf(ends, at)}<br><small>ours: ${endOf(ours, at)}</small>`;
}

/** When a certificate ends: its day and how far that is. */
export function endOf(ends: string | null, at: string): Part {
  if (ends === null) return none;
  const days = Math.floor((Date.parse(ends) - Date.parse(at)) / dayMs);
  const left = days < 0 ? 'ended' : days === 0 ? 'today' : `in ${counted(days, 'day')}`;
  const day = markup`<time datetime="${ends}">${ends.slice(0, 10)}</time>`;
  if (days > soonDays) return markup`${day} <small class="faint">${left}</small>`;
  const sign = signOf(days < 0 ? 'bad' : 'warn');
  return markup`<span class="state">${sign}<span>${day} ${left}</span></span>`;
}

/** How Duo answers: how long it takes, how often it told to wait. */
export function duoOf({ duo, at }: Snapshot): Markup {
  if (duo === null) return markup`<p class="empty">No call was made.</p>`;
  const { calls_last_day: calls, rate_limited_last_day: limited, last_error: error } = duo;
  const failure =
    error !== null &&
    markup`${sinceOf(error.at, at)} <code>${error.code}</code> <bdi>${error.message}</bdi>`;
  const day = (counts: readonly number[], one: string, kind?: 'bad'): Markup =>
    markup`<b>${grouped(counts.reduce((a, b) => a + b, 0))}</b> ${sparkline(counts, { one, span: 'in 24 hours', ...(kind && { kind }) })}`;
  return markup`<dl class="pairs">
${pair('Calls in 24 hours', day(calls, 'call'))}
${pair('Told to wait (429)', day(limited, 'answer', 'bad'))}
${pair('An answer takes', markup`half within ${secondsOf(duo.p50_seconds)}, 95 % within ${secondsOf(duo.p95_seconds)}`)}
${pair('Duo’s clock', clockWords(duo.clock_behind_seconds))}
${pair('Certificate ends', endOf(duo.certificate_ends, at))}
${pair('Last failure', failure || 'none since the start')}
</dl>${duo.endpoints.length > 0 && table('duo', callColumns, duo.endpoints, (one) => one.endpoint)}`;
}

function pair(name: string, value: Part): Markup {
  return markup`<div><dt>${name}</dt> <dd>${value}</dd></div>`;
}

function clockWords(behind: number): string {
  if (Math.abs(behind) < 1) return 'agrees with ours';
  return `${Math.abs(behind)} s ${behind > 0 ? 'ahead of' : 'behind'} ours`;
}

const callColumns: readonly Column<NonNullable<Snapshot['duo']>['endpoints'][number]>[] = [
  { head: 'Asked for', cell: ({ endpoint }) => endpoint },
  { head: 'Calls', kind: 'num', cell: ({ calls }) => grouped(calls) },
  { head: '429', kind: 'num', cell: (one) => grouped(one.rate_limited) },
  { head: 'Failed', kind: 'num', cell: ({ failed }) => grouped(failed) },
  { head: 'Half within', kind: 'num', cell: (one) => secondsOf(one.p50_seconds) },
  { head: '95 % within', kind: 'num', cell: (one) => secondsOf(one.p95_seconds) },
];

/** What the program's log said of late that a person would want to know. */
export function latelyOf({ lately, at }: Snapshot): Markup {
  if (lately.length === 0)
    return markup`<p class="empty">Nothing worth telling since the start.</p>`;
  return markup`<ol class="lately">${lately.map((one) => happenedItem(one, at))}</ol>`;
}

const signs = { info: 'ok', warning: 'warn', error: 'bad' } as const;

function happenedItem(happened: SnapshotHappened, at: string): Markup {
  const { level, sentence, feed, server, code, times, at: when } = happened;
  const who = feed ?? server;
  const details: Part = [
    who !== null && markup` <b><bdi>${who}</bdi></b>`,
    code !== null && markup` <code>${code}</code>`,
    times > 1 && markup` <span class="faint">${grouped(times)} times</span>`,
  ];
  return markup`<li>${timeOf(when, at)} ${signOf(signs[level])}<span class="sr">${level}: </span><span>${sentence}${details}</span></li>`;
}
