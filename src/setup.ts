/** What one reading of the config comes to: its feeds, and what each of them depends on. */
import { createHash } from 'node:crypto';
import type { AppOptions, Overrides } from './app.ts';
import { openDuo, readTrusted } from './client.ts';
import type { Config, ServerConfig } from './config/schema.ts';
import type { Lease, Pool } from './core/pool.ts';
import { Secret } from './core/secret.ts';
import type { Account, DeadLetterBox, Learned } from './core/types.ts';
import { type Destination, formatOf, formatOptions, openDestination } from './destinations.ts';
import type { DuoApi } from './duo/api.ts';
import { type CallCounts, counted } from './duo/counted-calls.ts';
import { endpoints } from './endpoints/index.ts';
import type { AnswerCache } from './engine/answer-cache.ts';
import type { OpenFeed, WantedFeed } from './engine/engine.ts';
import type { Feed } from './engine/feed.ts';
import { type PlannedFeed, planFeeds } from './engine/plan.ts';
import { buildFeed, buildSource, type OpenSource } from './feeds.ts';
import { defaultTiming } from './sinks/sink.ts';

/** What outlives a reading of the config; parts that several feeds use are open once, also across readings. */
export interface SharedParts extends Pick<AppOptions, 'clock' | 'log' | 'extraCa' | 'overrides'> {
  readonly learned: Learned;
  readonly deadLetters: DeadLetterBox;
  readonly cache: AnswerCache;
  readonly calls: CallCounts;
  readonly apis: Pool<DuoApi>;
  readonly destinations: Pool<Destination>;
  readonly sources: Pool<OpenSource>;
  /** A feed has ended for good. */
  ended(feed: Feed): void;
}

/** A feed that is to run, and whose it is. */
export interface PlannedWish extends WantedFeed {
  readonly plan: PlannedFeed;
}

/** Throws `ca_unreadable` (stop). */
export async function readSetup(config: Config, parts: SharedParts): Promise<Setup> {
  return new Setup(config, parts, await readTrusted(config, parts.extraCa));
}

export class Setup {
  readonly config: Config;
  /** What the list of accounts depends on. */
  readonly accountsKey: string;
  readonly #parts: SharedParts;
  readonly #madeMs: number;
  readonly #trusted: string;
  readonly #duoKey: string;
  readonly #sourceKey: string;
  readonly #windowKey: string;
  readonly #servers: ReadonlyMap<string, { readonly config: ServerConfig; readonly key: string }>;
  readonly #api: Lease<DuoApi>;

  constructor(config: Config, parts: SharedParts, trusted: string) {
    const { account, dls_settings, servers } = config;
    const { api, proxy } = dls_settings;
    const { ikey, skey, hostname, is_msp, block_list } = account;
    this.config = config;
    this.#parts = parts;
    this.#madeMs = parts.clock.nowMs();
    this.#trusted = trusted;
    this.#duoKey = keyOf([ikey, skey, hostname, api.signature, proxy, trusted]);
    this.accountsKey = keyOf([this.#duoKey, is_msp, block_list]);
    this.#sourceKey = keyOf([this.#duoKey, api.timeout, api.requests_per_minute]);
    this.#windowKey = keyOf([api.settle_seconds, api.lookback_minutes, api.reread_minutes]);
    this.#servers = new Map(
      servers.map((server) => {
        const { offset: _begin, heartbeat_seconds: _beside, ...lasting } = server;
        const format = [formatOf(server, config), formatOptions(server, config)];
        return [server.id, { config: server, key: keyOf([lasting, format]) }];
      }),
    );
    this.#api = this.#useApi();
  }

  get api(): DuoApi {
    return this.#api.value;
  }

  /** The feeds that these accounts are to have. */
  wanted(accounts: readonly Account[]): readonly PlannedWish[] {
    return plan(accounts, this.config, this.#parts.overrides).map((feed) => {
      const { id, name, apiHost } = feed.account;
      const sourceKey = JSON.stringify([this.#sourceKey, feed.endpoint, id, name, apiHost]);
      const server = this.#serverOf(feed.server);
      const fingerprint = [sourceKey, server.key, this.#windowKey].join(' ');
      return { id: feed.id, plan: feed, fingerprint, open: () => this.#open(feed, sourceKey) };
    });
  }

  /** Where a feed of this server begins that has no checkpoint. */
  sinceMs(serverId: string): number {
    const { offset } = this.#serverOf(serverId).config;
    return this.#madeMs - (offset ?? this.config.dls_settings.api.offset) * 86_400_000;
  }

  /** Another reading has taken its place. */
  end(): void {
    this.#api.end();
  }

  #open(feed: PlannedFeed, sourceKey: string): OpenFeed {
    const { config, key } = this.#serverOf(feed.server);
    const { sources, destinations, overrides, ...parts } = this.#parts;
    const api = this.#useApi();
    const destination = destinations.use(`${config.id} ${key}`, () =>
      openDestination(
        config,
        this.config,
        { ...parts, timing: { ...defaultTiming, ...overrides.timing } },
        overrides.stdout,
      ),
    );
    const source = sources.use(sourceKey, () =>
      buildSource(feed, {
        ...parts,
        overrides,
        config: this.config,
        api: api.value,
        name: sourceKey,
        shared: () => sources.usersOf(sourceKey) > 1,
      }),
    );
    const built = buildFeed(feed, source.value.source, destination.value, this.config, parts);
    return {
      feed: built,
      close: () => {
        for (const lease of [source, destination, api]) lease.end();
        this.#parts.ended(built);
      },
    };
  }

  #useApi(): Lease<DuoApi> {
    const { apis, calls, clock, log, overrides } = this.#parts;
    const { config } = this;
    return apis.use(this.#duoKey, () => {
      const api = openDuo({ config, clock, log, trusted: this.#trusted, calls: overrides.calls });
      return counted(api, calls, clock, endpointOf);
    });
  }

  #serverOf(id: string): { readonly config: ServerConfig; readonly key: string } {
    const server = this.#servers.get(id);
    if (server === undefined) throw new Error(`the config knows no server ${id}`);
    return server;
  }
}

const endpointNames = new Map(Object.entries(endpoints).map(([name, { path }]) => [path, name]));

/** As what a call is counted. */
function endpointOf(path: string): string {
  return endpointNames.get(path) ?? (path.startsWith('/accounts/') ? 'accounts' : 'other');
}

function plan(
  accounts: readonly Account[],
  config: Config,
  { only, stdout }: Overrides,
): readonly PlannedFeed[] {
  const planned = planFeeds(accounts, config.account.endpoint_server_mappings);
  const wanted = planned.filter(({ endpoint }) => only === undefined || only.includes(endpoint));
  if (stdout === undefined) return wanted;
  // Once on standard output is enough, however many servers would get it: as the first one would.
  const first = new Map<string, PlannedFeed>();
  for (const feed of wanted) {
    const log = `${feed.account.id ?? ''} ${feed.endpoint}`;
    if (!first.has(log)) first.set(log, feed);
  }
  return [...first.values()];
}

/** The same for the same settings; secrets count, and cannot be had from it. */
function keyOf(settings: unknown): string {
  const text = JSON.stringify(
    settings,
    function (this: Record<string, unknown>, key, value: unknown) {
      const whole = this[key];
      return whole instanceof Secret ? whole.reveal() : value;
    },
  );
  return createHash('sha256').update(text).digest('base64url');
}
