/** Planned feeds become real ones. */
import { setMaxListeners } from 'node:events';
import type { Overrides } from './app.ts';
import type { Config } from './config/schema.ts';
import type { Clock } from './core/clock.ts';
import type { Logger } from './core/log.ts';
import type { Learned } from './core/types.ts';
import type { Destination } from './destinations.ts';
import type { DuoApi } from './duo/api.ts';
import { createRateLimiter } from './duo/rate-limit.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import { type EndpointName, endpoints } from './endpoints/index.ts';
import type { AnswerCache } from './engine/answer-cache.ts';
import type { Feed } from './engine/feed.ts';
import { FeedControl } from './engine/feed-control.ts';
import { FeedStatus } from './engine/feed-status.ts';
import { PageSource } from './engine/page-source.ts';
import type { PlannedFeed } from './engine/plan.ts';
import type { WindowRules } from './engine/window.ts';

export interface SourceParts {
  readonly api: DuoApi;
  readonly clock: Clock;
  readonly learned: Learned;
  readonly cache: AnswerCache;
  readonly overrides: Overrides;
  readonly config: Config;
  /** Its own, also among those of earlier readings of the config. */
  readonly name: string;
  readonly shared: () => boolean;
}

/** A page source and the end of its calls. */
export interface OpenSource {
  readonly source: PageSource;
  close(): void;
}

/** One for all servers of an account × endpoint. */
export function buildSource(
  { account, endpoint: name }: PlannedFeed,
  parts: SourceParts,
): OpenSource {
  const { api, clock, learned, cache, overrides, config, shared } = parts;
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
  const ended = new AbortController();
  setMaxListeners(0, ended.signal);
  const source = new PageSource({
    ...{ account, endpoint, name: parts.name, api, limiter, clock, shared, cache },
    intervalMs: seconds * 1000,
    stop: ended.signal,
  });
  return {
    source,
    close: () => {
      ended.abort(new Error('its feeds have ended'));
      source.forget();
    },
  };
}

export function buildFeed(
  { id, account, endpoint: endpointName, server }: PlannedFeed,
  source: PageSource,
  destination: Destination,
  { dls_settings }: Config,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Feed {
  const endpoint: Endpoint = endpoints[endpointName as EndpointName];
  const { protocol, hostname, port } = destination.config;
  const { unit, hasEnd, ordered, pageLimit } = endpoint;
  const { settle_seconds, lookback_minutes, reread_minutes } = dls_settings.api;
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
      server: { id: server, protocol, hostname, port },
    },
    formatter: destination.formatter,
    sink: destination.sink,
    slots: destination.slots,
    status: new FeedStatus(id, clock, log),
    control: new FeedControl(),
  };
}
