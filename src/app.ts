/** The only place where concrete parts meet: config → client, store, sinks, feeds → engine. */
import { Backfills } from './backfill/backfills.ts';
import { backfillHost } from './backfill-parts.ts';
import { childAccounts } from './children.ts';
import type { CallLimits } from './client.ts';
import { mainAccount } from './config/main-account.ts';
import type { ConfigPaths } from './config/paths.ts';
import type { Config } from './config/schema.ts';
import { follow, type Following } from './core/abort.ts';
import type { Clock } from './core/clock.ts';
import type { ForwarderError } from './core/errors.ts';
import type { Logger } from './core/log.ts';
import { Pool } from './core/pool.ts';
import type { FeedChanges, Selection } from './core/requests.ts';
import type { Account, DeadLetterBox, Learned } from './core/types.ts';
import type { Destination } from './destinations.ts';
import type { DuoApi } from './duo/api.ts';
import { CallCounts } from './duo/counted-calls.ts';
import { fixedAccounts } from './engine/account-watch.ts';
import { AnswerCache } from './engine/answer-cache.ts';
import { Engine, type EngineOptions } from './engine/engine.ts';
import type { Feed } from './engine/feed.ts';
import type { FeedStatus } from './engine/feed-status.ts';
import { selectFeeds } from './engine/select.ts';
import { Taps } from './engine/taps.ts';
import type { OpenSource } from './feeds.ts';
import { readSetup, type Setup, type SharedParts } from './setup.ts';
import type { SinkTiming } from './sinks/sink.ts';
import { openStorage, type Storage } from './storage.ts';
import { createTakeOver } from './take-over.ts';

export interface AppOptions {
  readonly config: Config;
  /** As commands in the log name it. */
  readonly configFile?: string;
  readonly paths: ConfigPaths;
  /** Made and locked by the caller; undefined when nothing is to be remembered. */
  readonly stateDirectory: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** This machine's name. */
  readonly sender: string;
  /** The text of NODE_EXTRA_CA_CERTS' file. */
  readonly extraCa: string | undefined;
  readonly overrides: Overrides;
}

/** What the command line says beside the file. */
export interface Overrides {
  readonly intervalSeconds?: number;
  readonly requestsPerMinute?: number;
  /** Ends when all is read. */
  readonly once?: boolean;
  /** Events go to this stream instead of the servers. */
  readonly stdout?: NodeJS.WritableStream;
  readonly only?: readonly string[];
  /** The pause between two lists of an MSP's child accounts. */
  readonly listSeconds?: number;
  /** Deadlines and bounds of calls to Duo, and of deliveries; tests pass short ones. */
  readonly calls?: CallLimits;
  readonly timing?: Partial<SinkTiming>;
  /** False: feeds that stand still are left alone, because the clock runs too fast to tell. */
  readonly watchdog?: boolean;
}

export interface App {
  /** Of the feeds of now; none before `run`. */
  readonly statuses: readonly FeedStatus[];
  readonly feeds: readonly Feed[];
  readonly destinations: readonly Destination[];
  readonly api: DuoApi;
  readonly config: Config;
  readonly calls: CallCounts;
  /** Who looks at what goes out. */
  readonly taps: Taps;
  readonly backfills: Backfills;
  /** Why an MSP's child accounts cannot be listed at present. */
  readonly accountsTrouble: AccountsTrouble | undefined;
  readonly storage: Storage;
  /** Events so far. */
  readonly delivered: number;
  /** Resolves to whether every feed did all that it had to. */
  run(stop: AbortSignal, abandon: AbortSignal): Promise<boolean>;
  /** The feeds that are meant; throws `no_such_feed`. */
  select(names: Selection): readonly Feed[];
  /** Goes on with another reading of the config; feeds that it does not concern notice nothing. Throws `ca_unreadable`. */
  reload(config: Config): Promise<FeedChanges>;
  close(): Promise<void>;
}

export interface AccountsTrouble {
  readonly sinceMs: number;
  readonly error: ForwarderError;
  readonly nextTryMs: number;
}

export async function openApp(options: AppOptions): Promise<App> {
  const storage = await openStorage(options);
  const parts = new Parts(options, storage);
  try {
    return new Forwarder(options, storage, parts, await readSetup(options.config, parts));
  } catch (error) {
    await storage.close();
    throw error;
  }
}

class Parts implements SharedParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly extraCa: string | undefined;
  readonly overrides: Overrides;
  readonly learned: Learned;
  readonly deadLetters: DeadLetterBox;
  readonly cache = new AnswerCache();
  readonly calls = new CallCounts();
  readonly apis = new Pool<DuoApi>((api) => api.close());
  readonly destinations = new Pool<Destination>(({ sink }) => sink.close());
  readonly sources = new Pool<OpenSource>((source) => source.close());
  /** Events of feeds that have ended. */
  delivered = 0;

  constructor({ clock, log, extraCa, overrides }: AppOptions, { learned, deadLetters }: Storage) {
    this.clock = clock;
    this.log = log;
    this.extraCa = extraCa;
    this.overrides = overrides;
    this.learned = learned;
    this.deadLetters = deadLetters;
  }

  ended({ status }: Feed): void {
    this.delivered += status.delivered;
  }
}

class Forwarder implements App {
  readonly #options: AppOptions;
  readonly storage: Storage;
  readonly taps: Taps;
  readonly backfills: Backfills;
  readonly #parts: Parts;
  #setup: Setup;
  #engine: Engine | undefined;
  #stop: AbortSignal | undefined;
  #accounts: readonly Account[] = [];
  #watch: { readonly following: Following; readonly done: Promise<boolean> } | undefined;
  #changed: FeedChanges = nothingChanged;
  accountsTrouble: AccountsTrouble | undefined;

  constructor(options: AppOptions, storage: Storage, parts: Parts, setup: Setup) {
    this.#options = options;
    this.storage = storage;
    this.taps = new Taps(options.clock);
    this.#parts = parts;
    this.#setup = setup;
    this.backfills = new Backfills(
      backfillHost({
        ...{ options, feedTools: this.#engineOptions().feedTools, setup: () => this.#setup },
        isLive: () => this.#engine !== undefined,
        accounts: () => this.#accounts,
      }),
    );
  }

  get feeds(): readonly Feed[] {
    return this.#engine?.feeds ?? [];
  }

  get statuses(): readonly FeedStatus[] {
    return this.feeds.map(({ status }) => status);
  }

  get destinations(): readonly Destination[] {
    return this.#parts.destinations.values;
  }

  get api(): DuoApi {
    return this.#setup.api;
  }

  get config(): Config {
    return this.#setup.config;
  }

  get calls(): CallCounts {
    return this.#parts.calls;
  }

  get delivered(): number {
    return this.statuses.reduce((sum, status) => sum + status.delivered, this.#parts.delivered);
  }

  async run(stop: AbortSignal, abandon: AbortSignal): Promise<boolean> {
    this.#stop = stop;
    const engine = (this.#engine = new Engine(this.#engineOptions(), stop, abandon));
    stop.addEventListener('abort', () => void this.backfills.close(), { once: true });
    this.#watchAccounts(stop);
    // A reload may begin to watch other accounts meanwhile.
    for (;;) {
      const watch = this.#watch;
      const known = (await watch?.done) ?? false;
      const whole = await engine.ended();
      if (watch !== this.#watch) continue;
      await this.backfills.close();
      return known && whole;
    }
  }

  select(names: Selection): readonly Feed[] {
    return selectFeeds(this.feeds, names);
  }

  async reload(config: Config): Promise<FeedChanges> {
    const setup = await readSetup(config, this.#parts);
    await this.backfills.whileHeld(() => this.#take(setup));
    return this.#changed;
  }

  #take(setup: Setup): void {
    const before = this.#setup;
    this.#setup = setup;
    this.#changed = nothingChanged;
    if (this.#stop !== undefined && setup.accountsKey !== before.accountsKey) {
      const { is_msp: isMsp } = setup.config.account;
      // Until Duo has listed the children, those of before are read.
      if (isMsp !== before.config.account.is_msp) this.#accounts = [];
      if (isMsp) this.#become(this.#accounts);
      this.#watch?.following.abort(new Error('the config has changed'));
      this.#watchAccounts(this.#stop);
    } else {
      this.#become(this.#accounts);
    }
    before.end();
  }

  async close(): Promise<void> {
    const { sources, destinations, apis } = this.#parts;
    await this.backfills.close();
    await sources.close();
    await destinations.close();
    await apis.close();
    await this.storage.close();
  }

  #become(accounts: readonly Account[]): void {
    this.#accounts = accounts;
    this.#changed = this.#engine?.become(this.#setup.wanted(accounts)) ?? nothingChanged;
  }

  #watchAccounts(stop: AbortSignal): void {
    const { config, api } = this.#setup;
    const main = mainAccount(config);
    const heard = (error: ForwarderError | undefined, nextInMs: number): void => {
      const nowMs = this.#parts.clock.nowMs();
      const sinceMs = this.accountsTrouble?.sinceMs ?? nowMs;
      this.accountsTrouble =
        error === undefined ? undefined : { sinceMs, error, nextTryMs: nowMs + nextInMs };
    };
    this.accountsTrouble = undefined;
    const source = config.account.is_msp
      ? childAccounts({ ...this.#options, config }, api, main, heard)
      : fixedAccounts([main]);
    const following = follow(stop);
    const change = (accounts: readonly Account[]): void => {
      if (!following.signal.aborted) this.#become(accounts);
    };
    const done = source.watch(change, following.signal).finally(() => following.release());
    this.#watch = { following, done };
  }

  #engineOptions(): EngineOptions {
    const { clock, log, sender, overrides, paths } = this.#options;
    const directories = paths.dlsDirectories;
    const { checkpoints, deadLetters, gaps, files } = this.storage;
    const api = (): DuoApi => this.#setup.api;
    return {
      feedTools: {
        ...{ clock, log, checkpoints, deadLetters, gaps, sender, taps: this.taps },
        once: overrides.once ?? false,
        watchdog: overrides.watchdog ?? true,
        retry: { baseMs: 1_000, capMs: 300_000 },
        park: { baseMs: 15 * 60_000, capMs: 24 * 3_600_000 },
      },
      beginTools: {
        ...{ checkpoints, clock, log },
        sinceMs: ({ identity }) => this.#setup.sinceMs(identity.server.id),
        takeOver: createTakeOver({ ...this.#options, files, directories, api }),
      },
      flush: () => this.destinations.forEach(({ sink }) => sink.flush()),
      graceMs: 25_000,
    };
  }
}

const nothingChanged: FeedChanges = { started: [], restarted: [], stopped: [], unchanged: 0 };
