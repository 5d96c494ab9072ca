import type { ConfigPaths } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import { createProgramLog, type ProgramLog } from '../core/program-log.ts';
import type { Secret } from '../core/secret.ts';
import { packageVersion } from '../core/version.ts';
import { Lately } from '../status/lately.ts';
import { type Io, say } from './io.ts';

export interface OpenLog extends ProgramLog {
  /** What it said lately that a person would want to know. */
  readonly lately: Lately;
}

/** The program's log, and a word on where it is; a run that only looks (`looksOnly`) writes to stderr alone. */
export function openLog(
  config: Config,
  paths: ConfigPaths,
  looksOnly: boolean,
  io: Pick<Io, 'stderr' | 'clock'>,
): OpenLog {
  const onTerminal = io.stderr.isTTY === true || looksOnly;
  if (!onTerminal) say(io.stderr, `duologsync ${packageVersion()} logs to ${paths.logFile}`);
  const programLog = createProgramLog({
    ...(looksOnly ? {} : { file: paths.logFile }),
    ...(onTerminal ? { console: io.stderr } : {}),
    level: 'info',
    clock: io.clock,
    secrets: secretsOf(config),
  });
  const lately = new Lately(programLog.log, programLog.redact, io.clock);
  return { ...programLog, log: lately.log, lately };
}

/** All that must never be seen. */
export function secretsOf({ account, dls_settings, servers }: Config): readonly Secret[] {
  return [
    account.skey,
    dls_settings.proxy.proxy_password,
    dls_settings.status_token,
    ...servers.map((server) => server.client_key_passphrase),
  ].filter((secret) => secret !== undefined);
}
