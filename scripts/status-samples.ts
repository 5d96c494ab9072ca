// Snapshots of programs that never ran, for the tests of the status page and for its pictures: the same ones each time.
import { Latency } from '../src/core/latency.ts';
import type { SnapshotBackfill } from '../src/status/backfill-snapshot.ts';
import { Day } from '../src/status/day.ts';
import { Histories } from '../src/status/history.ts';
import type { FeedPart, FeedState, HappenedPart, Parts, ServerPart } from '../src/status/parts.ts';
import { type Snapshot, snapshotOf } from '../src/status/snapshot.ts';

export const sampleNowMs = Date.parse('2026-11-22T14:41:00Z');
const minuteMs = 60_000;
const ago = (minutes: number): number => sampleNowMs - minutes * minuteMs;

const logs = ['auth', 'activity', 'adminaction', 'telephony', 'trustmonitor'];
/** Events an hour of a busy time. */
const busy: Readonly<Record<string, number>> = {
  ...{ auth: 900, activity: 260, adminaction: 24, telephony: 70, trustmonitor: 3 },
};
const customers = ['Globex', 'Initech', 'Umbrella Retail', 'Acme Dental'];

type Writable<T> = { -readonly [K in keyof T]: T[K] };
interface Feed extends FeedPart {
  readonly status: Writable<FeedState>;
}

/** A number from 0 to 1 that is the same each time. */
function noise(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}

function feed(account: string, id: number, endpoint: string, server: string): Feed {
  return {
    id: `${endpoint} DA${id} > ${server}`,
    account: { id: `DA${id}`, name: account },
    endpoint,
    server,
    status: {
      ...{ phase: 'running', sinceMs: ago(3 * 1440 + 240), problem: undefined },
      ...{ nextTryMs: undefined, delivered: 0, late: 0, setAside: 0, gaps: 0, errors: 0 },
      lastEventMs: sampleNowMs - Math.round(15_000 + noise(id + endpoint.length) * 90_000),
      confirmedToMs: sampleNowMs - Math.round(9_000 + noise(id * 3 + endpoint.length) * 50_000),
    },
  };
}

function server(
  id: string,
  protocol: string,
  port: number,
  trouble?: ServerPart['state']['trouble'],
): ServerPart {
  const hostname = protocol === 'FILE' ? '/var/log/duo-archive' : `${id}.corp.example`;
  const state = { level: protocol === 'FILE' ? 'durable' : 'drained', confirmedLines: 184_201 };
  const certificate = protocol === 'TCPSSL' ? { certificateEndsMs: ago(-83 * 1440) } : {};
  return {
    id,
    protocol,
    hostname,
    port,
    state: { ...state, ...certificate, ...(trouble && { trouble }) },
  };
}

/** Lets a day and an hour pass for these feeds; `stoppedMs`: since when a feed delivers nothing. */
function lived(parts: Parts, feeds: readonly Feed[], stoppedMs: (feed: Feed) => number): Snapshot {
  const histories = new Histories();
  const day = new Day();
  const latencies = logs.map(() => new Latency());
  const limited = parts.duo?.limited ?? 0;
  const times = [...Array(47).keys()]
    .map((at) => ago(1410 - at * 30))
    .filter((time) => time < ago(60));
  for (let minute = 60; minute >= 0; minute -= 5) times.push(ago(minute));
  let beforeMs = ago(1440);
  for (const [step, nowMs] of times.entries()) {
    const hour = new Date(nowMs).getUTCHours();
    const wave = 0.16 + 0.84 * Math.max(0, Math.sin(((hour - 5) / 15) * Math.PI));
    for (const [at, one] of feeds.entries()) {
      if (nowMs > stoppedMs(one)) continue;
      const weight = 0.4 + noise(at + 7) * 1.2;
      const hours = (nowMs - beforeMs) / 3_600_000;
      const events =
        (busy[one.endpoint] ?? 0) * hours * wave * weight * (0.7 + 0.6 * noise(at * 97 + step));
      one.status.delivered += Math.round(events);
    }
    for (const [log, latency] of latencies.entries()) {
      for (let call = 0; call < 40; call += 1)
        latency.add(0.06 + log * 0.03 + noise(step * 41 + call + log * 7) ** (3 + log));
    }
    const now = {
      ...parts,
      nowMs,
      ...duoAt(
        parts,
        latencies,
        step >= 20 && step < 24 ? limited / 3 : step < 20 ? 0 : limited,
        step,
      ),
    };
    histories.sample(feeds, nowMs);
    day.sample(now);
    beforeMs = nowMs;
  }
  // The days before.
  for (const { status } of feeds) status.delivered = Math.round(status.delivered * 3.1);
  const end = { ...parts, ...duoAt(parts, latencies, limited, times.length) };
  return snapshotOf(end, histories, { gaps: 0, deadLetters: 0 }, day);
}

function duoAt(
  { duo }: Parts,
  latencies: readonly Latency[],
  limited: number,
  step: number,
): Pick<Parts, 'duo'> {
  if (duo === undefined) return { duo };
  const shares = [0.32, 0.3, 0.14, 0.14, 0.1];
  const byEndpoint = new Map(
    logs.map((name, at) => {
      const ok = Math.round(step * 260 * (shares[at] ?? 0));
      const codes = new Map([
        ['ok', ok],
        ['duo_rate_limited', name === 'auth' ? Math.round(limited) : 0],
      ]);
      return [name, { codes, latency: latencies[at] ?? new Latency() }] as const;
    }),
  );
  return { duo: { ...duo, calls: step * 260, limited: Math.round(limited), byEndpoint } };
}

function program(
  feeds: readonly Feed[],
  servers: readonly ServerPart[],
  more: Partial<Parts> = {},
): Parts {
  return {
    ...{ nowMs: sampleNowMs, startedMs: ago(3 * 1440 + 250), pid: 4121, version: '3.0.0' },
    configFile: '/etc/duologsync/config.yml',
    stateDirectory: '/var/lib/duologsync/api-5f3c.duosecurity.com',
    ...{ feeds, servers, others: [], lately: [] },
    duo: { calls: 0, limited: 0, behindMs: 400, byEndpoint: new Map() },
    ...more,
  };
}

function happened(
  minutes: number,
  level: HappenedPart['level'],
  sentence: string,
  names: Partial<HappenedPart> = {},
): HappenedPart {
  const known = { code: undefined, feed: undefined, server: undefined, times: 1 };
  return { atMs: ago(minutes), level, sentence, ...known, ...names };
}

const longAgo: readonly HappenedPart[] = [
  happened(1_240, 'info', 'The config was read anew'),
  happened(2_130, 'info', 'Child accounts are new'),
  happened(2_871, 'info', 'server is back', { server: 'siem', code: 'server_reset' }),
  happened(2_873, 'warning', 'server in trouble; lines wait and are sent when it is back', {
    server: 'siem',
    code: 'server_reset',
  }),
  happened(4_570, 'info', 'duologsync starts'),
];

function customersFeeds(): Feed[] {
  return customers.flatMap((name, at) => [
    ...logs.map((log) => feed(name, at + 1, log, 'siem')),
    feed(name, at + 1, 'auth', 'soc'),
  ]);
}

/** Four accounts, all well. */
export function healthySample(): Snapshot {
  const feeds = customersFeeds();
  const parts = program(feeds, [server('siem', 'TCPSSL', 6514), server('soc', 'TCP', 514)], {
    lately: longAgo,
  });
  return lived(parts, feeds, () => Infinity);
}

/** A week of one server's events that is sent again. */
export const sampleBackfill: SnapshotBackfill = {
  ...{ dry_run: false, since: '2026-11-01T00:00:00.000Z', until: '2026-11-08T00:00:00.000Z' },
  ...{ elapsed_seconds: 411, feeds: 20, done: 12, failed: 0, sent: 801_450, part: 0.744 },
  ...{ rate: 1_950, eta_seconds: 141, problem: null },
};

/** A server that is down, a key that was revoked, a storm of 429s, a feed that somebody paused, and a backfill. */
export function degradedSample(): Snapshot {
  const feeds = customersFeeds();
  const revoked = {
    code: 'duo_invalid_key',
    message:
      'Duo does not know the integration key (HTTP 401, 40102 Invalid integration key in request credentials)',
    hint: 'Compare account.ikey and account.hostname with the application in the Duo Admin Panel: both must be of the same application.',
    scope: 'account',
  };
  const acmeSince = ago(212);
  for (const { account, status } of feeds) {
    if (account.name !== 'Acme Dental') continue;
    Object.assign(status, { phase: 'parked', problem: revoked, sinceMs: acmeSince, errors: 14 });
    Object.assign(status, { nextTryMs: ago(-24), lastEventMs: ago(214), confirmedToMs: ago(213) });
  }
  for (const { server: id, status, account } of feeds) {
    if (id !== 'soc' || account.name === 'Acme Dental') continue;
    Object.assign(status, { lastEventMs: ago(34), confirmedToMs: ago(33), errors: 3 });
  }
  const paused = feeds.findIndex(
    ({ account, endpoint }) => account.name === 'Initech' && endpoint === 'telephony',
  );
  const withPause = feeds.map((one, at) =>
    at === paused ? { ...one, pausedSinceMs: ago(52) } : one,
  );
  const trouble = {
    ...{ sinceMs: ago(33), code: 'server_refused', nextTryMs: sampleNowMs + 38_000 },
    message: 'soc.corp.example:514 refused the connection',
    hint: 'Nothing listens there: start the collector, and compare servers[].port with its settings.',
  };
  const lately = [
    happened(33, 'warning', 'server in trouble; lines wait and are sent when it is back', {
      server: 'soc',
      code: 'server_refused',
    }),
    happened(96, 'info', 'The feed is well again', { times: 5 }),
    happened(104, 'warning', 'The feed has trouble and tries again', {
      code: 'duo_rate_limited',
      times: 5,
    }),
    happened(212, 'error', 'The feed is parked and will test itself again', {
      code: 'duo_invalid_key',
      times: 6,
    }),
    ...longAgo,
  ];
  const servers = [server('siem', 'TCPSSL', 6514), server('soc', 'TCP', 514, trouble)];
  const duo = { calls: 0, limited: 37, behindMs: 400, byEndpoint: new Map() };
  const lastError = { atMs: ago(2), code: 'duo_invalid_key', message: 'Invalid integration key' };
  const more = { lately, duo: { ...duo, lastError }, backfill: sampleBackfill };
  const parts = program(withPause, servers, more);
  return lived(parts, withPause, ({ account, server: id, pausedSinceMs }) => {
    if (account.name === 'Acme Dental') return acmeSince;
    return pausedSinceMs ?? (id === 'soc' ? ago(33) : Infinity);
  });
}

/** 2,000 accounts with five logs each, some of them in trouble. */
export function manySample(): Snapshot {
  const feeds = [...Array(2_000).keys()].flatMap((at) =>
    logs.map((log) =>
      feed(`${customers[at % 3] ?? ''} ${String(at + 1).padStart(4, '0')}`, at + 1, log, 'siem'),
    ),
  );
  const forbidden = {
    code: 'duo_forbidden',
    message: 'Duo refuses this log (HTTP 403, 40301 Access forbidden)',
    hint: 'In the Duo Admin Panel give this Admin API application "Grant read log".',
    scope: 'source',
  };
  for (const [at, { status }] of feeds.entries()) {
    if (at % 800 !== 3) continue;
    Object.assign(status, { phase: 'parked', problem: forbidden, sinceMs: ago(95), errors: 4 });
    Object.assign(status, { nextTryMs: ago(-11), confirmedToMs: ago(96) });
  }
  const parts = program(feeds, [server('siem', 'TCPSSL', 6514)], { lately: longAgo });
  return lived(parts, feeds, ({ status }) => (status.problem === undefined ? Infinity : ago(95)));
}
