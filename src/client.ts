/** The client for Duo, as the config says. */
import { readFile } from 'node:fs/promises';
import type { Config } from './config/schema.ts';
import type { Clock } from './core/clock.ts';
import { ForwarderError, messageOf } from './core/errors.ts';
import type { Logger } from './core/log.ts';
import { packageVersion } from './core/version.ts';
import type { DuoApi } from './duo/api.ts';
import { createDuoClient, type DuoClientOptions } from './duo/client.ts';

export interface ClientOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  /** Certificates to trust besides Node's own, as `readTrusted` gives them. */
  readonly trusted: string;
  readonly calls?: CallLimits | undefined;
}

/** Deadlines and bounds of calls; tests pass short ones. */
export type CallLimits = Pick<DuoClientOptions, 'deadlineMs' | 'connectMs' | 'maxBodyBytes'>;

/** NODE_EXTRA_CA_CERTS' text and that of the config's `ca_filepath`. Throws `ca_unreadable` (stop). */
export async function readTrusted(config: Config, extraCa: string | undefined): Promise<string> {
  const { ca_filepath: path } = config.dls_settings.api;
  const own = path === undefined ? undefined : await readCa(path);
  return [extraCa, own].filter((text) => text !== undefined).join('\n');
}

export function openDuo({ config, clock, log, trusted, calls }: ClientOptions): DuoApi {
  const { api, proxy } = config.dls_settings;
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
    ...calls,
    ...(trusted === '' ? {} : { ca: trusted }),
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
