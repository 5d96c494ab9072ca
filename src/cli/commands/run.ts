import { setMaxListeners } from 'node:events';
import { hostname, tmpdir } from 'node:os';
import { type App, openApp, type Overrides } from '../../app.ts';
import { acknowledge } from '../../checkpoint/acknowledge.ts';
import { prepareStateDirectory, stateDirectory } from '../../checkpoint/state-directory.ts';
import type { ConfigPaths } from '../../config/paths.ts';
import type { Config } from '../../config/schema.ts';
import { didYouMean } from '../../config/did-you-mean.ts';
import { acquireLock, type Lock } from '../../control/lock.ts';
import { serve } from '../../control/serve.ts';
import { createControls, type RunningControls } from '../../controls.ts';
import { ForwarderError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { redactor } from '../../core/program-log.ts';
import type { JsonObject } from '../../core/types.ts';
import { packageVersion } from '../../core/version.ts';
import { type Shutdown, watchSignals } from '../../engine/shutdown.ts';
import { withCommandLock } from '../command-lock.ts';
import { configPath, loadForCommand, tell } from '../config-file.ts';
import { tellBug, watchCrashes } from '../crash.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { extraCa } from '../extra-ca.ts';
import { type Io, say } from '../io.ts';
import { prepareLogFile } from '../log-file.ts';
import { openLog, type OpenLog, secretsOf } from '../open-log.ts';
import { openPorts, type Ports } from '../ports.ts';
import { Reloader } from '../reloader.ts';
import { giveUpAfterSeconds, untilStuck } from '../stuck.ts';

export interface RunOptions {
  readonly once?: boolean;
  readonly stdout?: boolean;
  readonly only?: string;
  readonly interval?: number;
  readonly rate?: number;
  /** Seconds after which `once` gives up when nothing gets on. */
  readonly giveUp?: number;
  /** Seconds between two lists of child accounts. */
  readonly list?: number;
}

const graceMs = 25_000;

/** Forwards until it is told to stop; only a fault at the start ends it otherwise. */
export async function run(
  given: string | undefined,
  options: RunOptions,
  io: Io,
): Promise<ExitCode> {
  // Node ends a process by a SIGHUP that nobody awaits: a reload right after the start was the end.
  const tooEarly = (): void => undefined;
  io.signals.on('SIGHUP', tooEarly);
  try {
    return await start(given, options, io);
  } finally {
    io.signals.off('SIGHUP', tooEarly);
  }
}

async function start(given: string | undefined, options: RunOptions, io: Io): Promise<ExitCode> {
  const path = configPath(given, io);
  const loaded = await loadForCommand(path, io);
  if (loaded.exit !== undefined) return loaded.exit;
  const { config, paths } = loaded;
  const wrong = wrongOnly(options, config);
  if (wrong !== undefined) {
    say(io.stderr, `duologsync: ${wrong}`);
    return exitCodes.usage;
  }
  // What only looks at events touches no file, and does not stand in the service's way.
  const state =
    options.stdout === true ? undefined : stateDirectory(paths.directory, config.account.hostname);
  let lock: Lock | undefined;
  const running: Running = { controls: undefined, redact: redactor(secretsOf(config)) };
  try {
    if (state !== undefined) {
      await prepareStateDirectory(state, { platform: io.platform, uid: io.uid });
      lock = await holdLock(state, path, running, io);
      await prepareLogFile(paths.logFile);
    }
  } catch (error) {
    await lock?.release();
    return tell(error, io);
  }
  const programLog = openLog(config, paths, options.stdout === true, io);
  running.redact = programLog.redact;
  const crash = { programLog, redact: programLog.redact, io };
  const endWatch = watchCrashes(crash);
  try {
    const place = { config, paths, state, path, running };
    return await forward(place, options, programLog, io);
  } catch (error) {
    if (error instanceof ForwarderError) return tell(error, io);
    tellBug(error, crash);
    return exitCodes.bug;
  } finally {
    endWatch();
    await programLog.close();
    await lock?.release();
  }
}

/** What the control socket speaks for; there is none while the program starts or ends. */
interface Running {
  controls: RunningControls | undefined;
  redact: (text: string) => string;
}

interface Place {
  readonly config: Config;
  readonly paths: ConfigPaths;
  readonly state: string | undefined;
  /** The config file. */
  readonly path: string;
  readonly running: Running;
}

async function forward(
  place: Place,
  options: RunOptions,
  programLog: OpenLog,
  io: Io,
): Promise<ExitCode> {
  const { config, paths, state, path, running } = place;
  const { log, reopen } = programLog;
  log.info('duologsync starts', {
    version: packageVersion(),
    config: path,
    pid: process.pid,
    state,
  });
  const shutdown = watchSignals({
    signals: io.signals,
    platform: io.platform,
    clock: io.clock,
    log,
    graceMs,
    // Told in the log and in the status; nobody waits for it.
    hangUp: () =>
      void reopen()
        .then(() => running.controls?.reload())
        .catch(() => undefined),
    // The second signal: whoever sends it does not want to wait.
    exitNow: (signal) => io.exit(signal === 'SIGINT' ? 130 : 143),
  });
  // A reader of --stdout that has enough (`| head`) ends the program quietly.
  const readerLeft = (): void => io.exit(exitCodes.ok);
  if (options.stdout === true) io.stdout.on('error', readerLeft);
  try {
    const app = await openApp({
      config,
      configFile: path,
      paths,
      stateDirectory: state,
      clock: io.clock,
      log,
      sender: hostname(),
      extraCa: await extraCa(io),
      overrides: overridesOf(options, io),
    });
    const over = new AbortController();
    running.controls = controlsOf(app, place, programLog, shutdown, io);
    const watching = running.controls?.watch(over.signal, options.once !== true);
    let ports: Ports | undefined;
    try {
      ports = await openPorts(config, running.controls, io.clock, log);
      const whole = await runToEnd(app, shutdown, options, config, log, io);
      return options.once === true && !whole ? exitCodes.tryAgain : exitCodes.ok;
    } finally {
      running.controls = undefined;
      await ports?.close();
      over.abort();
      await watching;
      await app.close();
      log.info('duologsync has stopped', { delivered: app.delivered });
    }
  } finally {
    shutdown.dispose();
    io.stdout.off('error', readerLeft);
  }
}

/** None for a run that only looks at events: nobody can find it. */
function controlsOf(
  app: App,
  { paths, state, path, config: first }: Place,
  { log, reopen, alsoHide, lately }: OpenLog,
  shutdown: Shutdown,
  io: Io,
): RunningControls | undefined {
  if (state === undefined) return undefined;
  const startedMs = io.clock.nowMs();
  const known = new Set(secretsOf(first).map((secret) => secret.reveal()));
  const hide = (config: Config): void => {
    const more = secretsOf(config).filter((secret) => !known.has(secret.reveal()));
    for (const secret of more) known.add(secret.reveal());
    alsoHide(more);
  };
  const reloader = new Reloader({ path, paths, app, log, hide, io });
  return createControls({
    ...{ app, clock: io.clock, log, startedMs, configFile: path, stateDirectory: state, lately },
    sender: hostname(),
    acknowledge: (ids) =>
      withCommandLock(state, io, async () => (await acknowledge(state, ids)).length),
    reopenLogs: reopen,
    reload: () => reloader.reload(),
    reloadTrouble: () => reloader.trouble,
    stop: () => shutdown.begin('duologsync stop'),
  });
}

/** Until told to stop; `--once` also until all is read, or nothing gets on any more. */
async function runToEnd(
  app: App,
  { stop, abandon }: Shutdown,
  options: RunOptions,
  { servers }: Config,
  log: Logger,
  io: Io,
): Promise<boolean> {
  if (options.once !== true) return app.run(stop, abandon);
  const ended = new AbortController();
  const gaveUp = new AbortController();
  const paces = servers.map((server) => server.max_events_per_second);
  const seconds = (): number => options.giveUp ?? giveUpAfterSeconds(app.statuses.length, paces);
  const progress = (): string =>
    app.statuses.map(({ delivered, phase }) => `${delivered} ${phase}`).join();
  const watch = untilStuck(progress, () => seconds() * 1000, io.clock, ended.signal).then(
    (stuck) => {
      if (stuck) gaveUp.abort(new Error(`nothing was confirmed for ${seconds()} s`));
    },
  );
  const either = (signal: AbortSignal): AbortSignal => {
    const any = AbortSignal.any([signal, gaveUp.signal]);
    setMaxListeners(0, any);
    return any;
  };
  const whole = await app.run(either(stop), either(abandon));
  ended.abort();
  await watch;
  if (!whole) {
    log.warn('Not everything was delivered; run it again', {
      code: 'once_incomplete',
      ...(gaveUp.signal.aborted ? { without_progress_seconds: seconds() } : {}),
    });
  }
  return whole;
}

/** What is wrong with `--only`, in a sentence. */
function wrongOnly({ only }: RunOptions, config: Config): string | undefined {
  const mapped = config.account.endpoint_server_mappings.flatMap(({ endpoints }) => endpoints);
  const names: readonly string[] = [...new Set(mapped)];
  for (const name of namesOf(only) ?? []) {
    if (names.includes(name)) continue;
    const near = didYouMean(name, names);
    const hint = near === undefined ? `It maps ${names.join(', ')}.` : `Did you mean '${near}'?`;
    return `--only ${name}: the config file maps no endpoint of this name to a server. ${hint}`;
  }
  return undefined;
}

function namesOf(only: string | undefined): readonly string[] | undefined {
  return only?.split(',').map((name) => name.trim());
}

function overridesOf(options: RunOptions, io: Io): Overrides {
  const only = namesOf(options.only);
  return {
    ...(options.interval === undefined ? {} : { intervalSeconds: options.interval }),
    ...(options.rate === undefined ? {} : { requestsPerMinute: options.rate }),
    ...(options.once === true ? { once: true } : {}),
    ...(options.stdout === true ? { stdout: io.stdout } : {}),
    ...(only === undefined ? {} : { only }),
    ...(options.list === undefined ? {} : { listSeconds: options.list }),
  };
}

async function holdLock(state: string, config: string, running: Running, io: Io): Promise<Lock> {
  const since = new Date(io.clock.nowMs()).toISOString();
  const describe = (): JsonObject => ({
    pid: process.pid,
    since,
    version: packageVersion(),
    config,
  });
  return acquireLock({
    stateDirectory: state,
    describe,
    handle: serve({
      describe,
      controls: () => running.controls,
      clock: io.clock,
      redact: (text) => running.redact(text),
    }),
    platform: io.platform,
    tmpdir: tmpdir(),
    ...(io.uid === undefined ? {} : { uid: io.uid }),
  });
}
