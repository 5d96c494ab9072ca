/** What the query port shows of the feeds: each endpoint is a thread, as Duo Watcher's users know it. */
import type { QueryView, ThreadView } from './control/query-view.ts';
import type { Step } from './engine/activity.ts';
import type { Feed } from './engine/feed.ts';
import type { ServerPart } from './status/parts.ts';

export interface QueryParts {
  readonly nowMs: number;
  readonly feeds: readonly Feed[];
  readonly servers: readonly ServerPart[];
  /** Gaps that nobody has acknowledged. */
  readonly gaps: number;
}

const lateIntervals = 4;
/** At these a page is under way, and a paused feed finishes it. */
const busy: ReadonlySet<Step> = new Set(['limit', 'place', 'duo', 'server', 'save']);
const diskCodes: ReadonlySet<string> = new Set([
  'checkpoint_write_failed',
  'gaps_unwritable',
  'dead_letter_failed',
]);

export function queryView(parts: QueryParts): QueryView {
  const { nowMs, feeds, servers, gaps } = parts;
  const troubled = new Map(
    servers.flatMap(({ id, state: { trouble } }) =>
      trouble === undefined ? [] : [[id, trouble.code] as const],
    ),
  );
  const byEndpoint = new Map<string, Feed[]>();
  for (const feed of feeds) {
    const group = byEndpoint.get(feed.endpointName);
    if (group === undefined) byEndpoint.set(feed.endpointName, [feed]);
    else group.push(feed);
  }
  const codes = [...troubled.values(), ...feeds.map(({ status }) => status.problem?.code ?? '')];
  return {
    threads: [...byEndpoint.values()].flatMap((group) => threadOf(group, troubled, nowMs)),
    gaps,
    disk: [...new Set(codes)].filter(isOfDisk),
  };
}

function isOfDisk(code: string): boolean {
  return code.startsWith('archive_') || diskCodes.has(code);
}

function threadOf(
  group: readonly Feed[],
  troubled: ReadonlyMap<string, string>,
  nowMs: number,
): ThreadView[] {
  const running = group.filter(({ control }) => !control.isPaused);
  const stopping = group.filter(({ status }) => busy.has(status.activity.step));
  const state = running.length > 0 ? 'running' : stopping.length > 0 ? 'stopping' : 'idle';
  const [shown, ...others] = { running, stopping, idle: group }[state];
  if (shown === undefined) return [];
  const last = others.reduce((a, b) => (confirmedTo(b) < confirmedTo(a) ? b : a), shown);
  const { status, source, endpointName: endpoint } = last;
  const ill = running.map((feed) => [feed, healthOf(feed, troubled, nowMs)] as const);
  const worst = ill.find(([, is]) => is === 'parked') ?? ill.find(([, is]) => is === 'retried');
  return [
    {
      endpoint,
      state,
      cycleMs: status.lastCycleMs ?? status.createdMs,
      lastEventMs: status.lastEventMs ?? status.takenBeforeMs,
      cycles: status.cycles,
      intervalMs: source.intervalMs,
      backoffMs: backoffMs(last, nowMs),
      health: worst?.[1] ?? 'well',
      sinceMs: (worst?.[0] ?? last).status.sinceMs,
    },
  ];
}

function confirmedTo({ status }: Feed): number {
  return status.confirmedToMs ?? Number.NEGATIVE_INFINITY;
}

function healthOf(
  { status, source, identity }: Feed,
  troubled: ReadonlyMap<string, string>,
  nowMs: number,
): ThreadView['health'] {
  if (status.phase === 'parked') return 'parked';
  const quietMs = nowMs - (status.lastCycleMs ?? status.createdMs);
  // Who reads a long backlog ends no poll for hours, and is well.
  const isRetried = status.phase === 'retrying' || troubled.has(identity.server.id);
  return isRetried && quietMs >= lateIntervals * source.intervalMs ? 'retried' : 'well';
}

function backoffMs({ status, source }: Feed, nowMs: number): number {
  const { nextTryMs, activity } = status;
  if (activity.step === 'next try' && nextTryMs !== undefined)
    return Math.max(0, nextTryMs - nowMs);
  return source.blockedMs();
}
