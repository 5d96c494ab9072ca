import { keyOf } from '../../backfill/request.ts';
import { isoTime } from '../../core/iso-time.ts';
import type { BackfillRequest } from '../../core/requests.ts';
import { parseTime, timeForms } from '../time-argument.ts';

export interface BackfillOptions {
  readonly since: string;
  readonly until?: string;
  readonly endpoint?: readonly string[];
  /** By id or name. */
  readonly account?: readonly string[];
  readonly to?: readonly string[];
  readonly dryRun?: boolean;
  readonly restart?: boolean;
  readonly json?: boolean;
}

/** What was typed as a request, or what is wrong with it in a sentence. */
export function requestOf(options: BackfillOptions, nowMs: number): BackfillRequest | string {
  const { since, until, endpoint = [], account = [], to = [], dryRun, restart } = options;
  const sinceMs = parseTime(since, nowMs);
  if (sinceMs === undefined) return noTime('--since', since);
  const untilMs = until === undefined ? undefined : parseTime(until, nowMs);
  if (until !== undefined && untilMs === undefined) return noTime('--until', until);
  if ((untilMs ?? nowMs) <= sinceMs)
    return until === undefined ? '--since is not in the past' : '--until is not later than --since';
  const names = { endpoints: endpoint, accounts: account, servers: to };
  return {
    key: keyOf(sameText(since, nowMs), until === undefined ? '' : sameText(until, nowMs), names),
    sinceMs,
    ...(untilMs === undefined ? {} : { untilMs }),
    ...names,
    dryRun: dryRun ?? false,
    restart: restart ?? false,
  };
}

/** `30d` is another time tomorrow and still the same command; a date is the same however it is written. */
function sameText(text: string, nowMs: number): string {
  const timeMs = parseTime(text, nowMs);
  return /^\d+[smhd]$/.test(text) || timeMs === undefined ? text : isoTime(timeMs);
}

function noTime(option: string, text: string): string {
  return `${option} ${text} is no time. Write ${timeForms}.`;
}
