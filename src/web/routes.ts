import { randomBytes } from 'node:crypto';
import type { Ended } from '../metrics/ended.ts';
import { metrics } from '../metrics/index.ts';
import { metricsText, metricsType } from '../metrics/text.ts';
import type { Look } from '../status/monitor.ts';
import type { Snapshot, SnapshotFeed } from '../status/snapshot.ts';
import { contentPolicy, pageOf } from './page/page.ts';
import { viewOf } from './page/view.ts';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Asked {
  readonly look: () => Promise<Look>;
  /** What stands behind the question mark. */
  readonly query: URLSearchParams;
  /** Whether metrics have labels for the account. */
  readonly accountLabel: boolean;
  /** What feeds counted that are gone; undefined while each account has metrics of its own. */
  readonly ended: Ended | undefined;
}

export interface Route {
  /** It is answered without the token: probes have none. */
  readonly open: boolean;
  answer(asked: Asked): Promise<Answer>;
}

const plain = 'text/plain; charset=utf-8';

/** All there is to ask for. */
export const routes: Readonly<Record<string, Route>> = {
  '/': {
    open: false,
    answer: async ({ look, query }) => {
      const nonce = randomBytes(16).toString('base64');
      return {
        status: 200,
        type: 'text/html; charset=utf-8',
        body: pageOf((await look()).snapshot, nonce, viewOf(query)),
        headers: { 'Content-Security-Policy': contentPolicy(nonce) },
      };
    },
  },
  '/metrics': {
    open: false,
    answer: async ({ look, accountLabel, ended }) => ({
      status: 200,
      type: metricsType,
      body: metricsText(metrics, await look(), { accountLabel, ended }),
    }),
  },
  '/api/v1/status': {
    open: false,
    answer: async ({ look }) => ({
      status: 200,
      type: 'application/json',
      body: `${JSON.stringify((await look()).snapshot)}\n`,
    }),
  },
  '/healthz': {
    open: true,
    answer: () => Promise.resolve({ status: 200, type: plain, body: 'ok\n' }),
  },
  '/readyz': {
    open: true,
    answer: async ({ look }) => {
      const why = notReady((await look()).snapshot);
      return why === undefined
        ? { status: 200, type: plain, body: 'ready\n' }
        : { status: 503, type: plain, body: `not ready: ${why}\n` };
    },
  },
};

/**
 * Ready: every server takes what is sent, and of at least one feed Duo gives the log. One refused child
 * account of a thousand is a problem, but no reason to take the program out of service. No names: the
 * answer is open to all.
 */
export function notReady({ servers, feeds }: Snapshot): string | undefined {
  const down = servers.filter(({ problem }) => problem !== null).length;
  if (down > 0) return `${down} of ${servers.length} servers in trouble`;
  if (feeds.length === 0) return 'there are no feeds yet';
  const isStarting = ({ phase }: SnapshotFeed): boolean => phase === 'starting';
  if (feeds.some((feed) => feed.problem === null && !isStarting(feed))) return undefined;
  if (feeds.every(({ phase }) => phase === 'paused')) return 'all feeds are paused';
  return feeds.some(isStarting) ? 'Duo has not answered yet' : 'Duo gives none of the logs';
}
