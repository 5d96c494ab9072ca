import { setMaxListeners } from 'node:events';
import type { AppOptions, Destination } from './app.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import { type EndpointName, endpoints } from './endpoints/index.ts';
import type { Account, Learned } from './core/types.ts';
import type { DuoApi } from './duo/api.ts';
import { createRateLimiter } from './duo/rate-limit.ts';
import { AnswerCache } from './engine/answer-cache.ts';
import type { FeedSet } from './engine/engine.ts';
import type { Feed } from './engine/feed.ts';
import { FeedStatus } from './engine/feed-status.ts';
import { PageSource } from './engine/page-source.ts';
import type { PlannedFeed } from './engine/plan.ts';
import type { WindowRules } from './engine/window.ts';

export interface FeedParts extends AppOptions {
  readonly api: DuoApi;
  readonly learned: Learned;
  readonly destinations: ReadonlyMap<string, Destination>;
}

/** The feeds of all accounts that are read at present. */
export class OpenFeeds {
  readonly #parts: FeedParts;
  readonly #plan: (account: Account) => readonly PlannedFeed[];
  readonly #cache = new AnswerCache();
  readonly #open = new Map<FeedSet, AbortController>();
  #deliveredBefore = 0;

  constructor(parts: FeedParts, plan: (account: Account) => readonly PlannedFeed[]) {
    this.#parts = parts;
    this.#plan = plan;
  }

  get statuses(): readonly FeedStatus[] {
    return [...this.#open.keys()].flatMap(({ feeds }) => feeds.map(({ status }) => status));
  }

  /** Events, also of feeds that have ended meanwhile. */
  get delivered(): number {
    return this.statuses.reduce((sum, status) => sum + status.delivered, this.#deliveredBefore);
  }

  open(account: Account): FeedSet {
    const ended = new AbortController();
    setMaxListeners(0, ended.signal);
    const feeds = buildFeeds(this.#plan(account), this.#parts, this.#cache, ended.signal);
    const set = { feeds, close: () => this.#close(set) };
    this.#open.set(set, ended);
    return set;
  }

  /** Ends shared calls that are still under way. */
  close(): void {
    for (const set of [...this.#open.keys()]) this.#close(set);
  }

  #close(set: FeedSet): void {
    const ended = this.#open.get(set);
    if (ended === undefined) return;
    this.#open.delete(set);
    ended.abort(new Error('its feeds have ended'));
    for (const { source, status } of set.feeds) {
      source.forget();
      this.#deliveredBefore += status.delivered;
    }
  }
}

/** Planned feeds become real ones: one page source for all servers of an account × endpoint; `stop` ends its calls. */
export function buildFeeds(
  planned: readonly PlannedFeed[],
  parts: FeedParts,
  cache: AnswerCache,
  stop: AbortSignal,
): readonly Feed[] {
  const sources = new Map<string, PageSource>();
  const sourceKey = ({ account, endpoint }: PlannedFeed): string =>
    `${endpoint} ${account.id ?? ''}`;
  return planned.map((feed) => {
    const key = sourceKey(feed);
    let source = sources.get(key);
    if (source === undefined) {
      const shared = planned.filter((other) => sourceKey(other) === key).length > 1;
      sources.set(key, (source = buildSource(feed, shared, cache, parts, stop)));
    }
    return buildFeed(feed, source, parts);
  });
}

function buildSource(
  { account, endpoint: name }: PlannedFeed,
  shared: boolean,
  cache: AnswerCache,
  { api, clock, learned, overrides, config }: FeedParts,
  stop: AbortSignal,
): PageSource {
  const key = `rate:${account.id ?? ''}:${name}`;
  const configured = config.dls_settings.api.requests_per_minute;
  const perMinute = overrides.requestsPerMinute ?? (configured === 'auto' ? undefined : configured);
  const known = learned.get(key);
  const limiter = createRateLimiter({
    clock,
    onLearn: (value) => learned.set(key, value),
    ...(known === undefined ? {} : { learned: known }),
    ...(perMinute === undefined ? {} : { perMinute }),
  });
  const endpoint = endpoints[name as EndpointName];
  const seconds = overrides.intervalSeconds ?? Math.max(120, config.dls_settings.api.timeout);
  const intervalMs = seconds * 1000;
  return new PageSource({
    account,
    endpoint,
    name,
    api,
    limiter,
    clock,
    intervalMs,
    shared,
    cache,
    stop,
  });
}

function buildFeed(feed: PlannedFeed, source: PageSource, parts: FeedParts): Feed {
  const { id, account, endpoint: endpointName, server } = feed;
  const destination = parts.destinations.get(server);
  if (destination === undefined) throw new Error(`no destination ${server}`);
  const endpoint: Endpoint = endpoints[endpointName as EndpointName];
  const { id: serverId, protocol, hostname, port } = destination.config;
  const { unit, hasEnd, ordered, pageLimit } = endpoint;
  const { settle_seconds, lookback_minutes, reread_minutes } = parts.config.dls_settings.api;
  const rules: WindowRules = {
    unit,
    hasEnd,
    ordered,
    pageLimit,
    settleMs: hasEnd ? settle_seconds * 1000 : 0,
    lookbackMs: Math.max(endpoint.lookbackMs ?? 0, lookback_minutes * 60_000),
    // More than half the look-back apart, re-reads would leave holes between them.
    rereadMs: Math.min(reread_minutes, lookback_minutes / 2) * 60_000,
  };
  return {
    id,
    account,
    endpointName,
    endpoint,
    rules,
    source,
    identity: {
      accountId: account.id,
      endpoint: endpointName,
      server: { id: serverId, protocol, hostname, port },
    },
    formatter: destination.formatter,
    sink: destination.sink,
    slots: destination.slots,
    status: new FeedStatus(id, parts.clock, parts.log),
  };
}
