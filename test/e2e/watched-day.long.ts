import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectProxy, startConnectProxy } from '../../src/simulator/connect-proxy.ts';
import { type DuoSimulator, startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { defaultAccount, type SimulatedChild } from '../../src/simulator/options.ts';
import { startTcpReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import type { Snapshot } from '../../src/status/snapshot.ts';
import { duologsync } from '../cli/commands/running.ts';
import { deployed } from '../deploy/files.ts';
import {
  forward,
  hasSignals,
  makeWorkplace,
  stoppedGently,
  until,
  type Workplace,
} from '../helpers/program.ts';
import {
  debianPrometheus,
  type Prometheus,
  promtool,
  startPrometheus,
} from '../helpers/prometheus.ts';
import { freePort } from '../sinks/helpers/servers.ts';

/** Five minutes of the alerts are a second. */
const factor = 300;
const token = 'a-long-random-word-of-the-test';
const endpoints = ['auth', 'activity'] as const;
const children: readonly SimulatedChild[] = Array.from({ length: 12 }, (_, n) => ({
  id: `DACHILD${String(n + 1).padStart(13, '0')}`,
  name: `Child ${n + 1}`,
  host: `api-child${n + 1}.duosecurity.test`,
}));
const revoked = 'Child 3';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Place {
  readonly duo: DuoSimulator;
  readonly siem: StreamReceiver;
  readonly workplace: Workplace;
  readonly port: number;
}

/** An MSP whose children live on hosts of their own, and its SIEM. */
async function place(): Promise<Place> {
  const parent = { ...defaultAccount, kind: 'accounts' } as const;
  const duo = await startDuo({ visibleDelayMs: 0, accounts: [parent], children });
  closers.push(() => duo.close());
  const proxy: ConnectProxy = await startConnectProxy({
    route: () => ({ host: '127.0.0.1', port: duo.port }),
  });
  closers.push(() => proxy.close());
  const siem = await startTcpReceiver();
  closers.push(() => siem.stop());
  const port = await freePort();
  const server = { id: 'siem', protocol: 'TCP', port: siem.port, endpoints } as const;
  const settings = [
    `status_port: ${port}`,
    `status_token: ${token}`,
    'proxy:',
    '  proxy_server: localhost',
    `  proxy_port: ${proxy.port}`,
  ];
  const workplace = await makeWorkplace(duo, [server], [], ['is_msp: true'], settings);
  closers.push(() => workplace.remove());
  return { duo, siem, workplace, port };
}

/** What all who show the program say of it at about the same moment. */
class Story {
  readonly #place: Place;
  readonly #prometheus: Prometheus;

  constructor(at: Place, prometheus: Prometheus) {
    this.#place = at;
    this.#prometheus = prometheus;
  }

  async get(path: string): Promise<string> {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`http://127.0.0.1:${this.#place.port}${path}`, { headers });
    expect(answer.status, path).toBe(200);
    return answer.text();
  }

  async api(): Promise<Snapshot> {
    return JSON.parse(await this.get('/api/v1/status')) as Snapshot;
  }

  /** Names of the alerts that fire; of the unhealthy ones with their kind. */
  async firing(): Promise<string[]> {
    const alerts = (await this.#prometheus.alerts()).filter(({ state }) => state === 'firing');
    for (const { annotations } of alerts) {
      expect(JSON.stringify(annotations)).not.toMatch(/<no value>|<error|\{\{/);
    }
    return alerts
      .map(({ labels: { alertname = '', kind } }) => {
        return kind === undefined ? alertname : `${alertname} ${kind}`;
      })
      .sort();
  }

  /** Waits until these alerts fire and no other, and page, status, metrics say the same; fails with what was said last. */
  async becomes(problems: readonly string[], alerts: readonly string[]): Promise<void> {
    const wanted = {
      api: problems,
      status: problems,
      page: problems,
      kinds: kindsOf(problems),
      alerts,
    };
    await untilSaid(() => this.#told(), wanted, 40_000, 200);
  }

  async #told() {
    const [api, status, page, series] = await Promise.all([
      this.api(),
      duologsync(['status', this.#place.workplace.configFile, '--json']),
      this.get('/'),
      this.#prometheus.query('duologsync_problems > 0'),
    ]);
    const kinds = series.map(({ labels, value }) => `${labels['kind'] ?? ''} ${value}`).sort();
    return {
      api: keysOf(api),
      status: keysOf(JSON.parse(status.out) as Snapshot),
      page: [...page.matchAll(/<li class="problem [a-z]+" data-key="([^"]*)"/g)]
        .map(([, key = '']) => plain(key))
        .sort(),
      kinds,
      alerts: await this.firing(),
    };
  }
}

/** Asks until it is this; fails with what it was last, an error that came instead of an answer included. */
async function untilSaid<T>(
  ask: () => Promise<T>,
  wanted: T,
  deadlineMs: number,
  everyMs: number,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const last = await ask().catch((error: unknown) => {
      // What is never to be seen, not even once.
      if (error instanceof Error && error.name === 'AssertionError') throw error;
      return error;
    });
    if (JSON.stringify(last) === JSON.stringify(wanted)) return;
    if (Date.now() > end) return expect(last).toEqual(wanted);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

const keysOf = ({ problems }: Snapshot): string[] =>
  problems.map(({ kind, code, what }) => `${kind} ${code} ${what}`).sort();
const plain = (html: string): string => html.replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** `server 1`, as the metric counts them. */
function kindsOf(problems: readonly string[]): string[] {
  const kinds = problems.map((problem) => problem.split(' ')[0] ?? '');
  return [...new Set(kinds)].map((kind) => `${kind} ${kinds.filter((one) => one === kind).length}`);
}

/** Panels that draw what is wrong, or what this config has not. */
const emptyWhenWell = [
  'Problems by kind',
  'Alerts',
  'Set aside, lost, failed',
  'Heartbeats in an hour',
  'Silent logs',
  'Backfill done',
  'Backfill events',
];

/** What the dashboard's variables are when all is chosen. */
const chosen: Readonly<Record<string, string>> = {
  $job: '.*',
  $instance: '.*',
  $account: '.*',
  $__rate_interval: '5s',
};

async function panelsWithoutData(prometheus: Prometheus): Promise<string[]> {
  const { panels } = JSON.parse(deployed('grafana/duologsync.json')) as {
    readonly panels: readonly {
      readonly title: string;
      readonly targets?: readonly { readonly expr: string }[];
    }[];
  };
  const empty: string[] = [];
  for (const { title, targets = [] } of panels) {
    const exprs = targets.map(({ expr }) => expr.replace(/\$\w+/g, (name) => chosen[name] ?? name));
    const series = await Promise.all(exprs.map((expr) => prometheus.query(expr)));
    if (targets.length > 0 && series.every(({ length }) => length === 0)) empty.push(title);
  }
  return empty;
}

describe('a day with an outage of the SIEM, a key that is revoked and a storm of 429', () => {
  // What unpacks holds this process, and a Duo or a program that runs meanwhile would wait for it.
  beforeAll(() => void debianPrometheus(), 600_000);

  it('is told alike by page, status, metrics and the alerts of a real Prometheus', async () => {
    const at = await place();
    const { duo, siem, workplace, port } = at;
    let serial = 1;
    const add = (count: number): void => {
      for (const { id } of children) {
        for (const endpoint of endpoints) {
          const plan = { count, fromMs: Date.now() - 500, stepMs: 0, firstSerial: serial };
          duo.add(endpoint, makeEvents(endpoint, plan), id);
          serial += count;
        }
      }
    };
    const setPermissions = (
      name: string,
      permissions: readonly (typeof endpoints)[number][],
    ): void =>
      duo.setChildren(children.map((one) => (one.name === name ? { ...one, permissions } : one)));
    add(5);
    const program = forward(workplace);
    closers.push(() => program.kill('SIGKILL'));
    const prometheus = await startPrometheus({ target: `127.0.0.1:${port}`, token, factor });
    closers.push(() => prometheus.stop());
    const story = new Story(at, prometheus);
    await until('the start', () => siem.lines().length >= 120);

    // Morning: all is well.
    await until(
      'the first scrape',
      async () => (await prometheus.query('duologsync_feeds == 24')).length === 1,
    );
    await story.becomes([], []);
    // A single scrape can come too late on a busy machine; the next one is well again.
    await untilSaid(() => prometheus.lastError(), '', 15_000, 200);
    const lint = promtool(['check', 'metrics'], await story.get('/metrics'));
    expect(lint).toEqual({ code: 0, said: '' });
    // A rate needs some scrapes.
    await untilSaid(() => panelsWithoutData(prometheus), emptyWhenWell, 15_000, 500);

    // The SIEM is down, and comes back.
    await siem.stop();
    add(1);
    const down = `server server_refused server siem (tcp://localhost:${siem.port})`;
    await story.becomes([down], ['DuologsyncSinkDown']);
    const [alert] = (await prometheus.alerts()).filter(({ state }) => state === 'firing');
    expect(alert?.annotations['summary']).toBe(
      `Server siem takes nothing from duologsync at 127.0.0.1:${port}`,
    );
    await siem.start();
    await story.becomes([], []);
    await until('what waited', () => siem.lines().length >= 144);

    // Duo refuses one log of one child, until its permission is back.
    setPermissions(revoked, ['activity']);
    await story.becomes(
      [`duo duo_forbidden ${revoked} / auth > siem`],
      ['DuologsyncUnhealthy duo'],
    );
    const [up] = await prometheus.query('duologsync_feed_up == 0');
    expect(up?.labels).toMatchObject({ account: revoked, endpoint: 'auth', server: 'siem' });
    expect((await story.api()).feeds.filter(({ problem }) => problem !== null)).toMatchObject([
      { account: revoked, endpoint: 'auth', phase: 'parked' },
    ]);
    setPermissions(revoked, endpoints);
    expect((await duologsync(['poll', workplace.configFile])).code).toBe(0);
    await story.becomes([], []);

    // The file is wrong for a while.
    const good = await readFile(workplace.configFile, 'utf8');
    await writeFile(workplace.configFile, good.replace('servers:', 'servers: ['));
    expect((await duologsync(['reload', workplace.configFile])).code).toBe(78);
    await story.becomes(
      [`other config_invalid ${workplace.configFile}`],
      ['DuologsyncConfigReloadFailed', 'DuologsyncUnhealthy other'],
    );
    await writeFile(workplace.configFile, good);
    expect((await duologsync(['reload', workplace.configFile])).code).toBe(0);
    await story.becomes([], []);

    // Duo refuses every other call: being told to wait is no problem, that it happens so often is an alert.
    duo.faults.push({ kind: 'tooManyRequests', when: (number) => number % 2 === 0 });
    await until('the alert', async () => (await story.firing()).includes('DuologsyncRateLimited'));
    duo.faults.clear();
    const isTold = async (): Promise<boolean> => {
      const [total] = await prometheus.query('duologsync_rate_limited_total');
      const [calls] = await prometheus.query(
        'sum(duologsync_duo_requests_total{code="duo_rate_limited"})',
      );
      const told = (await story.api()).duo?.rate_limited ?? 0;
      return told > 0 && [total, calls].every((one) => one?.value === told);
    };
    await until('one number of 429', isTold);
    expect(await story.get('/')).toContain('429');
    const calm = async (): Promise<boolean> =>
      !(await story.firing()).includes('DuologsyncRateLimited');
    await until('the end of the alert', calm);

    if (hasSignals) expect(await program.kill('SIGTERM')).toBe(stoppedGently);
    else await program.kill();
    await until('the last alert', async () => (await story.firing()).includes('DuologsyncDown'));
    expect(await workplace.log()).not.toContain(token);
  }, 180_000);
});
