/** The only place where concrete parts meet: config → client, store, sinks, feeds → engine. */
import { readFile } from 'node:fs/promises';
import { childAccounts } from './children.ts';
import type { ConfigPaths } from './config/paths.ts';
import type { Config, ServerConfig } from './config/schema.ts';
import type { Clock } from './core/clock.ts';
import { ForwarderError, messageOf } from './core/errors.ts';
import type { Logger } from './core/log.ts';
import type { Account } from './core/types.ts';
import { packageVersion } from './core/version.ts';
import type { DuoApi } from './duo/api.ts';
import { createDuoClient, type DuoClientOptions } from './duo/client.ts';
import { fixedAccounts } from './engine/account-watch.ts';
import { runEngine } from './engine/engine.ts';
import type { Feed, FeedTools } from './engine/feed.ts';
import type { FeedStatus } from './engine/feed-status.ts';
import { type PlannedFeed, planFeeds } from './engine/plan.ts';
import { Slots } from './engine/slots.ts';
import { OpenFeeds } from './feeds.ts';
import { formatters } from './formatters/index.ts';
import type { Formatter } from './formatters/formatter.ts';
import { sinks } from './sinks/index.ts';
import {
  type ServerOptions,
  type Sink,
  type SinkTiming,
  type SinkTools,
  defaultTiming,
} from './sinks/sink.ts';
import { openStdout } from './sinks/stdout.ts';
import { openStorage } from './storage.ts';
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
  readonly calls?: Pick<DuoClientOptions, 'deadlineMs' | 'connectMs' | 'maxBodyBytes'>;
  readonly timing?: Partial<SinkTiming>;
}

export interface App {
  /** Of the feeds of now; none before `run`. */
  readonly statuses: readonly FeedStatus[];
  /** Events so far. */
  readonly delivered: number;
  /** Resolves to whether every feed did all that it had to. */
  run(stop: AbortSignal, abandon: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/** A server that is in use, with all that serves it. */
export interface Destination {
  readonly config: ServerConfig;
  readonly sink: Sink;
  readonly formatter: Formatter;
  readonly slots: Slots;
}

export async function openApp(options: AppOptions): Promise<App> {
  const { config, clock, log, overrides } = options;
  const main = mainAccount(config);
  const api = await openDuo(options);
  const storage = await openStorage(options);
  const { checkpoints, files, learned, deadLetters, gaps } = storage;
  const destinations = new Map<string, Destination>();
  for (const { server } of plan(options, main)) {
    if (destinations.has(server)) continue;
    const slots = new Slots();
    const tools = {
      clock,
      log,
      learned,
      deadLetters,
      timing: { ...defaultTiming, ...overrides.timing },
      slotsTaken: () => slots.taken,
    };
    destinations.set(server, openDestination(server, options, tools, slots));
  }
  const feedTools: FeedTools = {
    clock,
    log,
    checkpoints,
    deadLetters,
    gaps,
    sender: options.sender,
    once: overrides.once ?? false,
    retry: { baseMs: 1_000, capMs: 300_000 },
    park: { baseMs: 15 * 60_000, capMs: 24 * 3_600_000 },
  };
  const feeds = new OpenFeeds({ ...options, api, learned, destinations }, (account) =>
    plan(options, account),
  );
  const startedMs = clock.nowMs();
  const beginTools = {
    checkpoints,
    clock,
    log,
    sinceMs: (feed: Feed) => startedMs - offsetDays(feed, options) * 86_400_000,
    takeOver: createTakeOver({ files, directories: options.paths.dlsDirectories, api, log }),
  };
  const open = [...destinations.values()].map(({ sink }) => sink);
  const engine = {
    accounts: config.account.is_msp ? childAccounts(options, api, main) : fixedAccounts([main]),
    openFeeds: (account: Account) => feeds.open(account),
    sinks: open,
    feedTools,
    beginTools,
    graceMs: 25_000,
  };
  return {
    get statuses() {
      return feeds.statuses;
    },
    get delivered() {
      return feeds.delivered;
    },
    run: (stop, abandon) => runEngine(engine, stop, abandon),
    close: async () => {
      feeds.close();
      await Promise.all(open.map((sink) => sink.close()));
      await api.close();
      await storage.close();
    },
  };
}

/** The account of the config file. */
export function mainAccount(config: Config): Account {
  const { hostname } = config.account;
  return { id: undefined, name: hostname, apiHost: hostname };
}

function plan({ config, overrides }: AppOptions, account: Account): readonly PlannedFeed[] {
  const planned = planFeeds([account], config.account.endpoint_server_mappings);
  const { only, stdout } = overrides;
  const wanted = planned.filter(({ endpoint }) => only === undefined || only.includes(endpoint));
  if (stdout === undefined) return wanted;
  // Once on standard output is enough, however many servers would get it.
  const first = new Map(wanted.map((feed) => [feed.endpoint, feed]));
  return [...first.values()];
}

/** The client for Duo, as the config says; also for `check`. Throws `ca_unreadable` (stop). */
export async function openDuo(
  options: Pick<AppOptions, 'config' | 'clock' | 'log' | 'extraCa'> & {
    readonly overrides?: Overrides;
  },
): Promise<DuoApi> {
  const { config, clock, log, extraCa } = options;
  const { api, proxy } = config.dls_settings;
  const own = api.ca_filepath === undefined ? undefined : await readCa(api.ca_filepath);
  const ca = [extraCa, own].filter((text) => text !== undefined).join('\n');
  const { proxy_server: host, proxy_port: port } = proxy;
  const { ikey, skey, hostname } = config.account;
  const ownHost = new URL(`https://${hostname}`).host;
  return createDuoClient({
    // A child's feeds may wait for each other: thousands of children must not mean thousands of connections more.
    connectionsFor: (one) => (one === ownHost ? 8 : 1),
    ikey,
    skey,
    signature: api.signature,
    userAgent: `duologsync/${packageVersion()} (node ${process.versions.node}; ${process.platform})`,
    clock,
    log,
    ...options.overrides?.calls,
    ...(ca === '' ? {} : { ca }),
    ...(host === undefined || host === '' || port === undefined
      ? {}
      : {
          proxy: {
            host,
            port,
            noProxy: proxy.no_proxy,
            ...(proxy.proxy_user === undefined ? {} : { user: proxy.proxy_user }),
            ...(proxy.proxy_password === undefined ? {} : { password: proxy.proxy_password }),
          },
        }),
  });
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ForwarderError('ca_unreadable', `cannot read ${path}: ${messageOf(error)}`, {
      remedy: 'stop',
      hint: 'Correct dls_settings.api.ca_filepath.',
      cause: error,
    });
  }
}

function openDestination(
  id: string,
  { config, overrides }: AppOptions,
  tools: SinkTools,
  slots: Slots,
): Destination {
  const server = config.servers.find((one) => one.id === id);
  if (server === undefined) throw new Error(`the config knows no server ${id}`);
  const { stdout } = overrides;
  const sink =
    stdout === undefined
      ? sinks[server.protocol].open(serverOptions(server), tools)
      : openStdout(stdout);
  return { config: server, sink, formatter: formatterFor(server, config), slots };
}

function formatterFor(server: ServerConfig, { dls_settings }: Config): Formatter {
  return formatters[server.log_format ?? dls_settings.log_format].create({
    jsonStyle: server.json_style ?? dls_settings.json_style,
    jsonAdd: server.json_add ?? dls_settings.json_add,
    cefTime: server.cef_time ?? dls_settings.cef_time,
    cefLeadingSpace: server.cef_leading_space ?? dls_settings.cef_leading_space,
    cefProfile: server.cef_profile ?? dls_settings.cef_profile,
    cefVendor: server.cef_vendor ?? dls_settings.cef_vendor,
    cefProduct: server.cef_product ?? dls_settings.cef_product,
    cefSeverityOverrides: server.cef_severity_overrides ?? dls_settings.cef_severity_overrides,
    version: packageVersion(),
  });
}

/** A server of the config file in the sinks' words. */
export function serverOptions(server: ServerConfig): ServerOptions {
  const given = {
    confirm: server.confirm,
    maxEventsPerSecond: server.max_events_per_second,
    certFile: server.cert_filepath,
    clientCertFile: server.client_cert_filepath,
    clientKeyFile: server.client_key_filepath,
    clientKeyPassphrase: server.client_key_passphrase,
    serverName: server.server_name,
  };
  const { id, protocol, hostname, port } = server;
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { id, protocol, hostname, port, ...(Object.fromEntries(set) as Partial<ServerOptions>) };
}

function offsetDays(feed: Feed, { config }: AppOptions): number {
  const server = config.servers.find(({ id }) => id === feed.identity.server.id);
  return server?.offset ?? config.dls_settings.api.offset;
}
