import { endpointRules } from './endpoints.ts';
import type { EndpointName, EndpointRules } from './endpoints.ts';
import type { Effect } from './faults.ts';
import type { Switches } from './options.ts';
import { earliestPage, shuffleSeconds, windowPage } from './paging.ts';
import type { PageOfRows } from './paging.ts';
import { monitorPage } from './monitor-page.ts';
import { monitorQuery, sinceSeconds, windowQuery } from './requests.ts';
import type { Pairs, WindowQuery } from './requests.ts';
import { msOf, textOf } from './store.ts';
import type { StoredRow } from './store.ts';
import type { World } from './world.ts';

export interface RenderedPage {
  readonly body: string;
  readonly rows: number;
}

/** One page of a log as text. Throws a Refusal for parameters that Duo refuses. */
export function logPage(
  endpoint: EndpointName,
  account: string,
  pairs: Pairs,
  world: World,
  effect: Effect | undefined,
  seed: number,
): RenderedPage {
  const rules = endpointRules[endpoint];
  const { rows } = world.store(account, endpoint);
  const most = effect?.kind === 'shortPage' ? effect.rows : Infinity;
  const { switches } = world;
  const nowMs = world.nowMs();
  if (rules.style === 'v1') {
    const limit = Math.min(most, rules.maxLimit + switches.pageExtra);
    const page = earliestPage(rows, sinceSeconds(pairs) * 1000, limit, nowMs);
    const served = switches.shuffledSeconds ? shuffleSeconds(page.rows, seed) : page.rows;
    return {
      body: envelope(`[${joined(served, switches, nowMs)}]`, switches),
      rows: served.length,
    };
  }
  if (rules.style === 'monitor') {
    const query = monitorQuery(pairs, rules, nowMs);
    const page = monitorPage(
      rows,
      account,
      { ...query, limit: Math.min(most, query.limit) },
      world,
      effect,
    );
    const metadata = page.token === undefined ? {} : { next_offset: page.token };
    const list = `"${rules.list}":[${joined(page.rows, switches, nowMs)}]`;
    const response = `{${list},"metadata":${JSON.stringify(metadata)}}`;
    return { body: envelope(response, switches), rows: page.rows.length };
  }
  const repeated = rules.offset === 'array' || switches.repeatedOffsetEverywhere;
  const query = windowQuery(pairs, rules, nowMs, repeated);
  const limited = { ...query, limit: Math.min(most, query.limit) };
  const full = windowPage(rows, limited, nowMs, switches);
  const page = effect?.kind === 'emptyPageWithCursor' ? { ...full, rows: [] } : full;
  const metadata = metadataText(
    rules,
    page,
    oddOffset(effect, query, pairs) ?? nextOffset(page, switches),
    switches,
  );
  const list = `"${rules.list}":[${joined(page.rows, switches, nowMs)}]`;
  return { body: envelope(`{${list}${metadata}}`, switches), rows: page.rows.length };
}

type Offset = readonly [ms: number, id: string];

/** The last row's time, cut to milliseconds, and id. */
function nextOffset(page: PageOfRows, switches: Switches): Offset | undefined {
  const last = page.rows.at(-1);
  if (last === undefined || !(page.more || switches.nextOffsetOnLastPage)) return undefined;
  return [msOf(last.spec), last.spec.id];
}

function oddOffset(
  effect: Effect | undefined,
  { after, mintimeMs }: WindowQuery,
  pairs: Pairs,
): Offset | undefined {
  if (effect?.kind === 'cursorLoop' && after !== undefined) return [after.ms, after.id];
  if (effect?.kind !== 'emptyPageWithCursor') return undefined;
  // Another text for the same place: one mark more than the cursor that was sent.
  const sent = pairs.findLast(([key]) => key === 'next_offset')?.[1] ?? '';
  const marks = '!'.repeat(sent.length - sent.replace(/!+$/, '').length + 1);
  return after === undefined ? [mintimeMs, marks] : [after.ms, after.id + marks];
}

function metadataText(
  rules: EndpointRules,
  page: PageOfRows,
  offset: Offset | undefined,
  switches: Switches,
): string {
  const total = switches.totals === 'number' ? page.total : { relation: 'eq', value: page.total };
  const array = rules.offset === 'array';
  if (offset !== undefined) {
    const next = array ? [`${offset[0]}`, offset[1]] : offset.join(',');
    return `,"metadata":${JSON.stringify({ next_offset: next, total_objects: total })}`;
  }
  if (array || switches.emptyOffset === 'null') {
    return `,"metadata":${JSON.stringify({ next_offset: null, total_objects: total })}`;
  }
  if (switches.emptyOffset === 'no metadata') return '';
  return `,"metadata":${JSON.stringify({ total_objects: total })}`;
}

function joined(rows: readonly StoredRow[], switches: Switches, nowMs: number): string {
  return rows.map((row) => textOf(row.spec, nowMs)).join(switches.spacedJson ? ', ' : ',');
}

function envelope(response: string, switches: Switches): string {
  return switches.spacedJson
    ? `{ "stat" : "OK",\n "response" : ${response} }\n`
    : `{"response":${response},"stat":"OK"}`;
}
