import { hostname, tmpdir } from 'node:os';
import { openApp, type Overrides } from '../../app.ts';
import { prepareStateDirectory, stateDirectory } from '../../checkpoint/state-directory.ts';
import type { ConfigPaths } from '../../config/paths.ts';
import type { Config } from '../../config/schema.ts';
import { acquireLock, type Lock } from '../../control/lock.ts';
import { createProgramLog, type ProgramLog } from '../../core/program-log.ts';
import { packageVersion } from '../../core/version.ts';
import { watchSignals } from '../../engine/shutdown.ts';
import { configPath, loadForCommand, tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { extraCa } from '../extra-ca.ts';
import { type Io, say } from '../io.ts';

export interface RunOptions {
  readonly once?: boolean;
  readonly stdout?: boolean;
  readonly only?: string;
  readonly interval?: number;
  readonly rate?: number;
}

const graceMs = 25_000;

/** Forwards until it is told to stop; only a fault at the start ends it otherwise. */
export async function run(
  given: string | undefined,
  options: RunOptions,
  io: Io,
): Promise<ExitCode> {
  const path = configPath(given, io);
  const loaded = await loadForCommand(path, io);
  if (loaded.exit !== undefined) return loaded.exit;
  const { config, paths } = loaded;
  const state = stateDirectory(paths.directory, config.account.hostname);
  let lock: Lock | undefined;
  try {
    await prepareStateDirectory(state);
    // What only looks at events does not stand in the service's way.
    if (options.stdout !== true) lock = await holdLock(state, path, io);
  } catch (error) {
    return tell(error, io);
  }
  const programLog = openLog(config, paths, options, io);
  try {
    return await forward(config, paths, state, path, options, programLog, io);
  } catch (error) {
    return tell(error, io);
  } finally {
    await programLog.close();
    await lock?.release();
  }
}

async function forward(
  config: Config,
  paths: ConfigPaths,
  state: string,
  path: string,
  options: RunOptions,
  { log, reopen }: ProgramLog,
  io: Io,
): Promise<ExitCode> {
  log.info('duologsync starts', {
    version: packageVersion(),
    config: path,
    pid: process.pid,
    state,
  });
  const shutdown = watchSignals({
    signals: process,
    platform: io.platform,
    clock: io.clock,
    log,
    graceMs,
    reopenLogs: () => void reopen(),
    // The second signal: whoever sends it does not want to wait.
    exitNow: (signal) => process.exit(signal === 'SIGINT' ? 130 : 143),
  });
  // A reader of --stdout that has enough (`| head`) ends the program quietly.
  if (options.stdout === true) io.stdout.on('error', () => process.exit(exitCodes.ok));
  const app = await openApp({
    config,
    paths,
    stateDirectory: state,
    clock: io.clock,
    log,
    sender: hostname(),
    extraCa: await extraCa(io),
    overrides: overridesOf(options, io),
  });
  try {
    const whole = await app.run(shutdown.stop, shutdown.abandon);
    if (options.once === true && !whole) {
      log.warn('Not everything was delivered; run it again', { code: 'once_incomplete' });
      return exitCodes.tryAgain;
    }
    return exitCodes.ok;
  } finally {
    await app.close();
    shutdown.dispose();
    const delivered = app.statuses.reduce((sum, status) => sum + status.delivered, 0);
    log.info('duologsync has stopped', { delivered });
  }
}

function overridesOf(options: RunOptions, io: Io): Overrides {
  return {
    ...(options.interval === undefined ? {} : { intervalSeconds: options.interval }),
    ...(options.rate === undefined ? {} : { requestsPerMinute: options.rate }),
    ...(options.once === true ? { once: true } : {}),
    ...(options.stdout === true ? { stdout: io.stdout } : {}),
    ...(options.only === undefined ? {} : { only: options.only.split(',') }),
  };
}

async function holdLock(state: string, config: string, io: Io): Promise<Lock> {
  const since = new Date(io.clock.nowMs()).toISOString();
  return acquireLock({
    stateDirectory: state,
    describe: () => ({ pid: process.pid, since, version: packageVersion(), config }),
    platform: io.platform,
    tmpdir: tmpdir(),
    ...(process.getuid === undefined ? {} : { uid: process.getuid() }),
  });
}

function openLog(config: Config, paths: ConfigPaths, options: RunOptions, io: Io): ProgramLog {
  const { skey } = config.account;
  const others = [
    config.dls_settings.proxy.proxy_password,
    ...config.servers.map((server) => server.client_key_passphrase),
  ].filter((secret) => secret !== undefined);
  const onTerminal = io.stderr.isTTY === true || options.stdout === true;
  if (!onTerminal) say(io.stderr, `duologsync ${packageVersion()} logs to ${paths.logFile}`);
  return createProgramLog({
    file: paths.logFile,
    ...(onTerminal ? { console: io.stderr } : {}),
    level: 'info',
    clock: io.clock,
    secrets: [skey, ...others],
  });
}
