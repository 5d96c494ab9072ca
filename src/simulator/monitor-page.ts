import type { Effect } from './faults.ts';
import type { Place } from './monitor-tokens.ts';
import type { Switches } from './options.ts';
import { Refusal } from './refusal.ts';
import type { MonitorQuery } from './requests.ts';
import { firstAt, msOf } from './store.ts';
import type { StoredRow } from './store.ts';
import type { World } from './world.ts';

export interface MonitorPage {
  readonly rows: readonly StoredRow[];
  /** Goes on after these rows; undefined on the last page. */
  readonly token: string | undefined;
}

/** One page of Trust Monitor. Throws 40002 for a token that was not given out for this request. */
export function monitorPage(
  rows: readonly StoredRow[],
  account: string,
  query: MonitorQuery,
  world: World,
  effect: Effect | undefined,
): MonitorPage {
  const { tokens, switches } = world;
  const nowMs = world.nowMs();
  const { mintimeMs, maxtimeMs, limit, token } = query;
  const request = JSON.stringify([account, mintimeMs, maxtimeMs]);
  const place = token === undefined ? undefined : tokens.find(token);
  const mayUse = switches.monitorTokens === 'any window' || place?.request === request;
  if (token !== undefined && (place?.account !== account || !mayUse)) {
    throw new Refusal(40002, 'offset');
  }
  const order = comparison(switches.monitorOrder);
  const found = rows
    .slice(firstAt(rows, mintimeMs), firstAt(rows, maxtimeMs + 1))
    .filter(({ visibleAtMs }) => visibleAtMs <= nowMs)
    .map((row) => ({ row, afterId: row.spec.id, afterMs: msOf(row.spec) }))
    .sort(order)
    .filter((one) => place === undefined || order(one, place) > 0);
  const page = effect?.kind === 'emptyPageWithCursor' ? [] : found.slice(0, limit);
  const last = page.at(-1) ?? place ?? { afterId: '', afterMs: 0 };
  const issue = (): string => {
    return tokens.issue({ request, account, afterId: last.afterId, afterMs: last.afterMs });
  };
  const more = found.length > page.length;
  const next =
    effect?.kind === 'cursorLoop' && token !== undefined ? token : more ? issue() : undefined;
  return { rows: page.map(({ row }) => row), token: next };
}

type Ordered = Pick<Place, 'afterId' | 'afterMs'>;

/** Keys are as good as random, so their order is none. */
function comparison(order: Switches['monitorOrder']): (a: Ordered, b: Ordered) => number {
  return (a, b) => {
    const byTime = order === 'time' ? a.afterMs - b.afterMs : 0;
    return byTime || Number(a.afterId > b.afterId) - Number(a.afterId < b.afterId);
  };
}
