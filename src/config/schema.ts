import { z } from 'zod';
import type { Secret } from '../core/secret.ts';
import { endpoints } from '../endpoints/index.ts';
import { formatters } from '../formatters/index.ts';
import { sinks } from '../sinks/index.ts';
import { alerts, heartbeat } from './alert-settings.ts';
import { api, days } from './api-settings.ts';
import { archive, network } from './place-settings.ts';
import { query } from './query-settings.ts';
import { statusPort } from './status-settings.ts';
import { checkpointing, deadLetters } from './state-settings.ts';

/**
 * The config file: the single source of its shape, defaults, limits and descriptions. The template, the
 * documentation and the JSON schema are made from or tested against it. Keys without a word on DLS are new.
 */

const namesOf = <T extends object>(list: T): (keyof T & string)[] =>
  Object.keys(list) as (keyof T & string)[];

const endpointNames = namesOf(endpoints);
const formatNames = namesOf(formatters);
const protocolNames = namesOf(sinks);

const text = z.string().min(1);
const onOff = z.boolean();
const format = z.enum(formatNames);
const jsonStyle = z.enum(['python', 'compact']);
const jsonAdd = z.enum(['dls', 'labels']);
const cefTime = z.enum(['utc', 'local']);
const cefProfile = z.enum(['compat', 'improved']);
const headerText = text.max(63);
const severities = z.record(z.string().regex(/^[A-Za-z0-9_.-]+$/), z.int().min(0).max(10));

const about = {
  jsonStyle:
    'How JSON is spelled: `python` writes the bytes that DLS writes, `compact` leaves out the spaces.',
  jsonAdd:
    'Keys added to each JSON event: `dls` adds exactly those that DLS adds for that endpoint, `labels` adds `eventtype` and `host` for every endpoint.',
  cefTime:
    'The time in front of a CEF line: `utc`, or `local` for the local time as DLS writes it.',
  cefLeadingSpace:
    "A space after the last pipe of the CEF header, for receivers that expect one (liblognorm up to 2.0.6, rsyslog's mmnormalize).",
  cefProfile:
    "What a CEF line holds: `compat` is DLS's keys and severity 5, `improved` is a class, name and severity for each kind of event and all that is known of it. trustmonitor and offline_enrollment, which DLS's CEF does not know, are always `improved`.",
  cefVendor: 'The vendor in the CEF header.',
  cefProduct: 'The product in the CEF header.',
  cefSeverities:
    "Severities of the `improved` profile by signature id, instead of its own, such as `{'auth.fraud': 10}`.",
  file: 'The path of a file that holds the secret and nothing else; a newline at its end does not count.',
  env: 'The name of an environment variable that holds the secret.',
  credential:
    'The name of a systemd credential that holds the secret: the word behind `LoadCredential=` in the unit.',
  command:
    'A program and its arguments, as a list, that prints the secret and nothing else. It is started without a shell and has 10 seconds.',
};

/** The other places where a secret may lie, in place of the key itself. */
const from = {
  file: text.optional().describe(about.file),
  env: text.optional().describe(about.env),
  credential: text.optional().describe(about.credential),
  command: z.array(text).min(1).optional().describe(about.command),
};

const proxy = z.strictObject({
  proxy_server: z
    .string()
    .optional()
    .describe(
      'Name or address of the HTTP proxy for the calls to Duo, without http://. Proxies named in the environment are not used.',
    ),
  proxy_port: z.int().min(0).max(65535).optional().describe('Port of the proxy.'),
  proxy_user: text.optional().describe('User name for the proxy.'),
  proxy_password: text.optional().describe('Password for the proxy.').meta({ secret: true }),
  proxy_password_file: from.file,
  proxy_password_env: from.env,
  proxy_password_credential: from.credential,
  proxy_password_command: from.command,
  no_proxy: z
    .array(text)
    .default([])
    .describe('Hosts that are called without the proxy: names, or .example.com for all below it.'),
});

const settings = z.strictObject({
  log_filepath: text
    .optional()
    .describe(
      "File for the program's own messages. When left out: duologsync.log in the platform's folder for logs.",
    ),
  log_format: format.default('JSON').describe('How events are written.'),
  json_style: jsonStyle.default('python').describe(about.jsonStyle),
  json_add: jsonAdd.default('dls').describe(about.jsonAdd),
  cef_time: cefTime.default('utc').describe(about.cefTime),
  cef_leading_space: onOff.default(false).describe(about.cefLeadingSpace),
  cef_profile: cefProfile.default('compat').describe(about.cefProfile),
  cef_vendor: headerText.default('Duo Security').describe(about.cefVendor),
  cef_product: headerText.default('DuoLogSync').describe(about.cefProduct),
  cef_severity_overrides: severities.default({}).describe(about.cefSeverities),
  api: api.prefault({}).describe('The calls to Duo.'),
  checkpointing: checkpointing.prefault({}).describe('What is remembered between two starts.'),
  ...deadLetters,
  ...query,
  ...alerts,
  ...statusPort,
  status_token: text
    .optional()
    .describe(
      'What Prometheus sends to the status port as a bearer token, and a browser as a password with any user name. Without it only this machine is answered.',
    )
    .meta({ secret: true }),
  status_token_file: from.file,
  status_token_env: from.env,
  status_token_credential: from.credential,
  status_token_command: from.command,
  proxy: proxy.prefault({}).describe('An HTTP proxy for the calls to Duo.'),
});

const server = z.strictObject({
  id: text
    .describe('A name of your choice; mappings name the server by it.')
    .meta({ example: 'siem' }),
  ...network,
  protocol: z
    .enum(protocolNames)
    .describe('How events travel. TCPSSL is TCP with TLS, FILE an archive on this machine.')
    .meta({ example: 'TCPSSL' }),
  cert_filepath: z
    .string()
    .optional()
    .describe(
      'TCPSSL only: a PEM file with the certificate, or that of its CA, by which the server is recognised. When left out: the authorities that Node trusts.',
    ),
  log_format: format.optional().describe('As in dls_settings, for this server only.'),
  json_style: jsonStyle.optional().describe('As in dls_settings, for this server only.'),
  json_add: jsonAdd.optional().describe('As in dls_settings, for this server only.'),
  cef_time: cefTime.optional().describe('As in dls_settings, for this server only.'),
  cef_leading_space: onOff.optional().describe('As in dls_settings, for this server only.'),
  cef_profile: cefProfile.optional().describe('As in dls_settings, for this server only.'),
  cef_vendor: headerText.optional().describe('As in dls_settings, for this server only.'),
  cef_product: headerText.optional().describe('As in dls_settings, for this server only.'),
  cef_severity_overrides: severities
    .optional()
    .describe('As in dls_settings, for this server only and instead of it.'),
  confirm: z
    .enum(['drained', 'transport', 'none'])
    .optional()
    .describe(
      'When an event counts as delivered: `drained` when the server has read it and closed, `transport` when its machine has taken it, `none` when it was handed to the network. When left out: the strongest that the server gives.',
    ),
  max_events_per_second: z
    .number()
    .gt(0)
    .max(1_000_000)
    .optional()
    .describe('Most events a second to this server. When left out: 1000 for UDP, else no limit.'),
  replay_groups: z
    .int()
    .min(0)
    .max(10)
    .optional()
    .describe(
      'TCP and TCPSSL: how many of the last confirmed groups go again after the server has failed, because it may have read them without keeping them. When left out: 2. 0 turns it off, 3 suits a collector that closes before it stores.',
    ),
  offset: days.optional().describe('As in dls_settings.api, for this server only.'),
  ...heartbeat,
  client_cert_filepath: text
    .optional()
    .describe(
      'TCPSSL only: a PEM file with the certificate that this program shows to the server.',
    ),
  client_key_filepath: text
    .optional()
    .describe('TCPSSL only: a PEM file with the private key of that certificate.'),
  client_key_passphrase: text
    .optional()
    .describe('The passphrase of that key, when it is encrypted.')
    .meta({ secret: true }),
  client_key_passphrase_file: from.file,
  client_key_passphrase_env: from.env,
  client_key_passphrase_credential: from.credential,
  client_key_passphrase_command: from.command,
  ...archive,
  server_name: text
    .optional()
    .describe("TCPSSL only: the name in the server's certificate, when it is not `hostname`."),
});

const mapping = z.strictObject({
  endpoints: z
    .array(z.enum(endpointNames))
    .min(1)
    .describe('The kinds of Duo log.')
    .meta({ example: ['auth'] }),
  server: text.describe('The `id` of the server they go to.').meta({ example: 'siem' }),
});

const account = z.strictObject({
  ikey: text
    .describe('Integration key of the Admin API application.')
    .meta({ example: 'DIXXXXXXXXXXXXXXXXXX' }),
  skey: text
    .optional()
    .describe(
      'Its secret key. Exactly one of `skey`, `skey_file`, `skey_env`, `skey_credential` and `skey_command` is needed.',
    )
    .meta({ secret: true, example: '…' }),
  skey_file: from.file,
  skey_env: from.env,
  skey_credential: from.credential,
  skey_command: from.command,
  hostname: text
    .describe('Its API hostname. A port may follow after a colon.')
    .meta({ example: 'api-xxxxxxxx.duosecurity.com' }),
  endpoint_server_mappings: z
    .array(mapping)
    .min(1)
    .describe('Which logs go to which server. A log may go to several servers.'),
  is_msp: onOff
    .default(false)
    .describe(
      'Whether this is the parent account of an MSP: its child accounts are read, each at its own API host, instead of its own logs. `ikey` and `skey` are then those of an Accounts API application.',
    ),
  block_list: z
    .array(z.string())
    .default([])
    .describe(
      'MSP only: child accounts that are not read, by id or name; `*` stands for any text, `?` for one character, capitals do not count.',
    ),
});

export const configSchema = z.strictObject({
  version: z.literal('1.0.0').describe("The version of this file's format."),
  dls_settings: settings.prefault({}).describe('How the program works.'),
  servers: z.array(server).min(1).describe('Where events go.'),
  account: account.describe('The Duo account whose logs are read.'),
});

type File = z.output<typeof configSchema>;
type FileSettings = File['dls_settings'];
type FileServer = File['servers'][number];
type FileAccount = File['account'];

/** A secret and the other places where it may lie. */
type PlacesOf<Key extends string> = Key | `${Key}_${'file' | 'env' | 'credential' | 'command'}`;
export type ProxyConfig = Omit<FileSettings['proxy'], PlacesOf<'proxy_password'>> & {
  readonly proxy_password: Secret | undefined;
};
export type Settings = Omit<FileSettings, PlacesOf<'status_token'> | 'proxy'> & {
  readonly proxy: ProxyConfig;
  readonly status_token: Secret | undefined;
};
export type ServerConfig = Omit<
  FileServer,
  PlacesOf<'client_key_passphrase'> | 'hostname' | 'port'
> & {
  /** With `port` the address by which a checkpoint recognises a renamed server; for FILE its directory and 0. */
  readonly hostname: string;
  readonly port: number;
  readonly client_key_passphrase: Secret | undefined;
};
export type AccountConfig = Omit<FileAccount, PlacesOf<'skey'>> & {
  readonly skey: Secret;
};

/** A valid file's values in its own words: defaults filled, secrets read from where the file says. */
export interface Config {
  readonly version: '1.0.0';
  readonly dls_settings: Settings;
  readonly servers: readonly ServerConfig[];
  readonly account: AccountConfig;
}

/** As the file has it: secrets still strings, or the names of their files and variables. */
export type ConfigFile = File;
