import type { Secret } from '../core/secret.ts';
import { cleanHostname, cleanProxyName } from './account-checks.ts';
import type { Config, ConfigFile, ProxyConfig, ServerConfig } from './schema.ts';

export interface ResolvedSecrets {
  readonly skey: Secret;
  readonly password: Secret | undefined;
  readonly statusToken: Secret | undefined;
  /** One for each server, in order. */
  readonly passphrases: readonly (Secret | undefined)[];
}

/** Duo's floor for the pause between two polls; DLS raises a lower `timeout` to it too. */
export const leastTimeoutSeconds = 120;

/** The file's values as the program uses them. Each change that a person should know of is told by cross-checks. */
export function assemble(file: ConfigFile, secrets: ResolvedSecrets): Config {
  const {
    api,
    proxy,
    status_token: _token,
    status_token_file: _tokenFile,
    status_token_env: _tokenEnv,
    status_token_credential: _tokenCredential,
    status_token_command: _tokenCommand,
    ...settings
  } = file.dls_settings;
  const {
    skey: _skey,
    skey_file: _file,
    skey_env: _env,
    skey_credential: _credential,
    skey_command: _command,
    ...account
  } = file.account;
  return {
    version: file.version,
    dls_settings: {
      ...settings,
      api: { ...api, timeout: Math.max(leastTimeoutSeconds, api.timeout) },
      proxy: proxyOf(proxy, secrets.password),
      status_token: secrets.statusToken,
    },
    servers: file.servers.map((server, index) => serverOf(server, secrets.passphrases[index])),
    account: { ...account, hostname: cleanHostname(account.hostname), skey: secrets.skey },
  };
}

function proxyOf(
  file: ConfigFile['dls_settings']['proxy'],
  password: Secret | undefined,
): ProxyConfig {
  const { proxy_server, proxy_port, proxy_user, no_proxy } = file;
  if (proxy_server === undefined || proxy_server === '')
    return { no_proxy, proxy_password: undefined };
  return {
    proxy_server: cleanProxyName(proxy_server),
    proxy_port,
    proxy_user,
    proxy_password: password,
    no_proxy,
  };
}

/** What a protocol does not use is left out, so that no sink has to ask. */
function serverOf(
  file: ConfigFile['servers'][number],
  passphrase: Secret | undefined,
): ServerConfig {
  const {
    client_key_passphrase: _inline,
    client_key_passphrase_file: _file,
    client_key_passphrase_env: _env,
    client_key_passphrase_credential: _credential,
    client_key_passphrase_command: _command,
    cert_filepath,
    client_cert_filepath,
    client_key_filepath,
    server_name,
    confirm,
    directory,
    ...server
  } = file;
  const tls = server.protocol === 'TCPSSL';
  const isFile = server.protocol === 'FILE';
  return {
    ...server,
    hostname: (isFile ? directory : server.hostname) ?? '',
    port: (isFile ? undefined : server.port) ?? 0,
    directory: isFile ? directory : undefined,
    confirm: isFile || server.protocol === 'UDP' ? undefined : confirm,
    cert_filepath: tls && cert_filepath !== '' ? cert_filepath : undefined,
    client_cert_filepath: tls ? client_cert_filepath : undefined,
    client_key_filepath: tls ? client_key_filepath : undefined,
    client_key_passphrase: tls ? passphrase : undefined,
    server_name: tls ? server_name : undefined,
  };
}
