import type { EndpointRules } from './endpoints.ts';
import { maximumAgeMs } from './options.ts';
import { Refusal } from './refusal.ts';

export type Pairs = readonly (readonly [string, string])[];

export interface Bounds {
  readonly mintimeMs: number;
  readonly maxtimeMs: number;
  readonly limit: number;
}

/** A request for a page of a v2 log, checked. */
export interface WindowQuery extends Bounds {
  readonly ascending: boolean;
  readonly after: { readonly ms: number; readonly id: string } | undefined;
}

/** Names and values of a query or form; `+` and `%20` are both a blank. Throws 40000 on broken escapes. */
export function decodePairs(query: string): Pairs {
  const parts = query.split('&').filter((part) => part !== '');
  return parts.map((part) => {
    const equals = part.indexOf('=');
    const [key, value] = equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
    return [decode(key), decode(value)] as const;
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Refusal(40000, 'query');
  }
}

/** Duo's rules for v2 logs, in Duo's words where they are known; unknown names are ignored. */
export function windowQuery(
  pairs: Pairs,
  rules: EndpointRules,
  nowMs: number,
  repeatedOffset: boolean,
): WindowQuery {
  const window = boundsOf(pairs, rules, nowMs);
  const sort = single(pairs, 'sort') ?? 'ts:desc';
  if (sort !== 'ts:asc' && sort !== 'ts:desc') throw new Refusal(40002, 'sort');
  return { ...window, ascending: sort === 'ts:asc', after: cursor(pairs, repeatedOffset) };
}

/** A request for a page of Trust Monitor, checked but for its token. */
export interface MonitorQuery extends Bounds {
  readonly token: string | undefined;
}

/** Duo's rules for Trust Monitor; `sort` and `next_offset` are names that it does not know. */
export function monitorQuery(pairs: Pairs, rules: EndpointRules, nowMs: number): MonitorQuery {
  return { ...boundsOf(pairs, rules, nowMs), token: single(pairs, 'offset') };
}

function boundsOf(pairs: Pairs, rules: EndpointRules, nowMs: number): Bounds {
  const mintimeMs = milliseconds(pairs, 'mintime');
  const maxtimeMs = milliseconds(pairs, 'maxtime');
  if (mintimeMs < nowMs - maximumAgeMs) {
    throw new Refusal(40002, 'mintime must be within the past 180 days');
  }
  if (mintimeMs >= maxtimeMs) throw new Refusal(40002, 'maxtime');
  const limit = single(pairs, 'limit') ?? String(rules.defaultLimit);
  if (!/^\d{1,9}$/.test(limit) || Number(limit) < 1) throw new Refusal(40002, 'limit');
  return { mintimeMs, maxtimeMs, limit: Math.min(Number(limit), rules.maxLimit) };
}

/** The seconds of a v1 log's `mintime`; absent is 0, every other parameter is ignored. */
export function sinceSeconds(pairs: Pairs): number {
  const mintime = single(pairs, 'mintime') ?? '0';
  if (!/^\d{1,15}$/.test(mintime)) throw new Refusal(40002, 'mintime');
  return Number(mintime);
}

function milliseconds(pairs: Pairs, name: string): number {
  const value = single(pairs, name);
  if (value === undefined) throw new Refusal(40001, name);
  if (!/^\d{13}$/.test(value)) {
    throw new Refusal(40002, `'${name}' must be a timestamp in milliseconds`);
  }
  return Number(value);
}

function cursor(pairs: Pairs, repeated: boolean): WindowQuery['after'] {
  const values = pairs.filter(([key]) => key === 'next_offset').map(([, value]) => value);
  if (values.length === 0) return undefined;
  if (values.length > 1 && !repeated) throw new Refusal(40002, 'next_offset');
  // A cursor that the fault `emptyPageWithCursor` made ends in `!` and means the one before it.
  const [, ms, id] = /^(\d{13}),(?=.)(.*?)!*$/.exec(values.join(',')) ?? [];
  if (ms === undefined || id === undefined) throw new Refusal(40002, 'next_offset');
  return { ms: Number(ms), id };
}

function single(pairs: Pairs, name: string): string | undefined {
  const values = pairs.filter(([key]) => key === name);
  if (values.length > 1) throw new Refusal(40002, name);
  return values[0]?.[1];
}
