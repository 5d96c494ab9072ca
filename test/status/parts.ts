import type { FeedPart, FeedState, Kept, Parts, ServerPart } from '../../src/status/parts.ts';

export const nowMs = Date.parse('2026-11-22T02:30:00Z');
export const nothingKept: Kept = { gaps: 0, deadLetters: 0 };

export function feedPart(
  endpoint: string,
  status: Partial<FeedState> = {},
  more: Partial<FeedPart> = {},
): FeedPart {
  const { account = { id: undefined, name: 'api-1.example' }, server = 'siem' } = more;
  const whose = account.id === undefined ? '' : ` ${account.id}`;
  return {
    id: `${endpoint}${whose} > ${server}`,
    account,
    endpoint,
    server,
    ...more,
    status: {
      phase: 'running',
      sinceMs: nowMs - 3_600_000,
      problem: undefined,
      nextTryMs: undefined,
      delivered: 0,
      late: 0,
      setAside: 0,
      gaps: 0,
      errors: 0,
      lastEventMs: nowMs - 20_000,
      confirmedToMs: nowMs - 12_000,
      ...status,
    },
  };
}

export function serverPart(id: string, trouble?: ServerPart['state']['trouble']): ServerPart {
  const state = {
    level: 'drained',
    confirmedLines: 42,
    ...(trouble === undefined ? {} : { trouble }),
  };
  return { id, protocol: 'TCP', hostname: `${id}.example.org`, port: 514, state };
}

export const refused: NonNullable<ServerPart['state']['trouble']> = {
  sinceMs: nowMs - 600_000,
  code: 'server_refused',
  message: 'siem.example.org:514 refused the connection',
  hint: 'Start the collector there.',
  nextTryMs: nowMs + 22_000,
};

export function parts(more: Partial<Parts> = {}): Parts {
  return {
    nowMs,
    startedMs: nowMs - 3 * 86_400_000,
    pid: 4121,
    version: '3.0.0',
    configFile: '/etc/duologsync/config.yml',
    stateDirectory: '/var/lib/duologsync/duologsync-x',
    feeds: [feedPart('auth'), feedPart('activity')],
    servers: [serverPart('siem')],
    duo: { calls: 100, limited: 2, behindMs: 400, byEndpoint: new Map() },
    others: [],
    lately: [],
    ...more,
  };
}
