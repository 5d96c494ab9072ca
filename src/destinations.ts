/** A server of the config file becomes a sink with its formatter and its places. */
import type { Config, ServerConfig } from './config/schema.ts';
import { defaultLayout, duoWatcherLayout } from './core/path-template.ts';
import { packageVersion } from './core/version.ts';
import { Slots } from './engine/slots.ts';
import { formatters } from './formatters/index.ts';
import type { Formatter } from './formatters/formatter.ts';
import { sinks } from './sinks/index.ts';
import {
  type ArchiveOptions,
  type ServerOptions,
  type Sink,
  type SinkTools,
} from './sinks/sink.ts';
import { openStdout } from './sinks/stdout.ts';

/** A server that is in use, with all that serves it. */
export interface Destination {
  readonly config: ServerConfig;
  readonly sink: Sink;
  readonly formatter: Formatter;
  readonly slots: Slots;
}

/** `stdout`: events go there instead. */
export function openDestination(
  server: ServerConfig,
  config: Config,
  tools: Omit<SinkTools, 'slotsTaken'>,
  stdout: NodeJS.WritableStream | undefined,
): Destination {
  const slots = new Slots();
  const { replay_groups: replayGroups = tools.timing.replayGroups } = server;
  const sink =
    stdout === undefined
      ? sinks[server.protocol].open(serverOptions(server), {
          ...tools,
          timing: { ...tools.timing, replayGroups },
          slotsTaken: () => slots.taken,
        })
      : openStdout(stdout);
  return { config: server, sink, formatter: formatterFor(server, config), slots };
}

/** How a server's lines are written. */
export function formatterFor(server: ServerConfig, config: Config): Formatter {
  return formatters[formatOf(server, config)].create(formatOptions(server, config));
}

export function formatOf(server: ServerConfig, { dls_settings }: Config): keyof typeof formatters {
  return server.log_format ?? dls_settings.log_format;
}

/** What the server's section says of its lines, else what holds for all. */
export function formatOptions(
  server: ServerConfig,
  { dls_settings }: Config,
): Parameters<(typeof formatters)['JSON']['create']>[0] {
  return {
    jsonStyle: server.json_style ?? dls_settings.json_style,
    jsonAdd: server.json_add ?? dls_settings.json_add,
    cefTime: server.cef_time ?? dls_settings.cef_time,
    cefLeadingSpace: server.cef_leading_space ?? dls_settings.cef_leading_space,
    cefProfile: server.cef_profile ?? dls_settings.cef_profile,
    cefVendor: server.cef_vendor ?? dls_settings.cef_vendor,
    cefProduct: server.cef_product ?? dls_settings.cef_product,
    cefSeverityOverrides: server.cef_severity_overrides ?? dls_settings.cef_severity_overrides,
    version: packageVersion(),
  };
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
    archive: archiveOptions(server),
  };
  const { id, protocol, hostname, port } = server;
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { id, protocol, hostname, port, ...(Object.fromEntries(set) as Partial<ServerOptions>) };
}

/** What a FILE server's section says of its archive; undefined for all other servers. */
export function archiveOptions(server: ServerConfig): ArchiveOptions | undefined {
  const { directory, preset, path, time_zone, retention_days } = server;
  if (server.protocol !== 'FILE' || directory === undefined) return undefined;
  const layout =
    preset === 'duo_watcher'
      ? duoWatcherLayout
      : {
          template: path ?? defaultLayout.template,
          timeZone: time_zone ?? defaultLayout.timeZone,
        };
  const retention = retention_days === undefined ? {} : { retentionDays: retention_days };
  return { directory, layout, ...retention };
}
