import { hostname, tmpdir } from 'node:os';
import { openApp } from '../../app.ts';
import { asProgress } from '../../backfill/progress.ts';
import { prepareStateDirectory, stateDirectory } from '../../checkpoint/state-directory.ts';
import { type Asked, call, stream } from '../../control/call.ts';
import { acquireLock } from '../../control/lock.ts';
import { serve } from '../../control/serve.ts';
import { ForwarderError } from '../../core/errors.ts';
import { type Fields, type Logger, silentLogger } from '../../core/log.ts';
import type { BackfillRequest } from '../../core/requests.ts';
import { packageVersion } from '../../core/version.ts';
import { callOptions } from '../ask.ts';
import { type BackfillOptions, requestOf } from '../backfill/request.ts';
import { BackfillView } from '../backfill/view.ts';
import { loadForCommand, tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { extraCa } from '../extra-ca.ts';
import { type Io, say } from '../io.ts';
import { placeOf, type StatePlace } from '../state-place.ts';
import { printable } from '../table.ts';
import { type Interrupts, watchInterrupts } from '../backfill/interrupts.ts';

type Code = ExitCode | 130 | 143;

const startTries = 50;
const againMs = 200;
const everyMs = 1_000;

/**
 * Sends the past of logs once more: by the running program, through its limits and connections, or by itself when
 * none runs. 75 when something is left, 130 when it was interrupted; its place is kept.
 */
export async function backfill(
  given: string | undefined,
  options: BackfillOptions,
  io: Io,
): Promise<Code> {
  const request = requestOf(options, io.clock.nowMs());
  if (typeof request === 'string') {
    say(io.stderr, `duologsync: ${printable(request)}`);
    return exitCodes.usage;
  }
  const place = await placeOf(given, io);
  if (place.exit !== undefined) return place.exit;
  const view = new BackfillView(io, options.json ?? false);
  const interrupts = watchInterrupts(io.signals);
  try {
    const code = await byTheProgram(place, request, view, interrupts, io);
    return code ?? (await byItself(place, request, view, interrupts, io));
  } catch (error) {
    view.end();
    return tell(error, io);
  } finally {
    interrupts.dispose();
  }
}

/** Undefined when no program runs. */
async function byTheProgram(
  place: StatePlace,
  request: BackfillRequest,
  view: BackfillView,
  interrupts: Interrupts,
  io: Io,
): Promise<Code | undefined> {
  const called = callOptions(place, io);
  const left = new AbortController();
  interrupts.first(() => {
    // It tells how it ended over the stream; a second Ctrl-C does not wait for that.
    const told = call({ do: 'backfill-stop', key: request.key }, called);
    told.catch(() => left.abort(new Error('it cannot be told')));
  });
  interrupts.second(() => left.abort(new Error('interrupted twice')));
  for (let tries = 1; ; tries += 1) {
    try {
      await stream(
        askedOf(request),
        called,
        (answer) => {
          const progress = asProgress(answer);
          if (progress !== undefined) view.show(progress);
        },
        left.signal,
      );
      break;
    } catch (error) {
      const code = error instanceof ForwarderError ? error.code : undefined;
      if (code === 'not_running' && view.last === undefined) return undefined;
      const isSeen = view.last !== undefined && code === 'control_lost';
      if (isSeen) break;
      if (code !== 'not_ready' || tries === startTries || interrupts.signal !== undefined)
        throw error;
      await io.clock.sleep(againMs, left.signal);
    }
  }
  return ended(request, view, interrupts, io);
}

async function byItself(
  place: StatePlace,
  request: BackfillRequest,
  view: BackfillView,
  interrupts: Interrupts,
  io: Io,
): Promise<Code> {
  const loaded = await loadForCommand(place.configFile, io, { warnings: false });
  if (loaded.exit !== undefined) return loaded.exit;
  const { config, paths } = loaded;
  const state = stateDirectory(paths.directory, config.account.hostname);
  await prepareStateDirectory(state, { platform: io.platform, uid: io.uid });
  const since = new Date(io.clock.nowMs()).toISOString();
  const describe = () => ({
    ...{ pid: process.pid, since, version: packageVersion(), config: place.configFile },
  });
  const lock = await acquireLock({
    stateDirectory: state,
    describe,
    handle: serve({ describe, controls: () => undefined, clock: io.clock }),
    platform: io.platform,
    tmpdir: tmpdir(),
    ...(io.uid === undefined ? {} : { uid: io.uid }),
  });
  try {
    const app = await openApp({
      ...{ config, paths, configFile: place.configFile, stateDirectory: state, clock: io.clock },
      ...{ log: logTo(view), sender: hostname(), extraCa: await extraCa(io), overrides: {} },
    });
    try {
      const running = await app.backfills.start(request);
      say(
        io.stderr,
        'duologsync does not run: this does it alone, and forwards nothing else meanwhile.',
      );
      interrupts.first(() => void app.backfills.stop(request.key));
      interrupts.second(() => io.exit(interrupts.signal === 'SIGTERM' ? 143 : 130));
      let isOver = false;
      const over = running.ended.then(() => void (isOver = true));
      while (!isOver) {
        view.show(running.progress());
        const look = new AbortController();
        await Promise.race([over, io.clock.sleep(everyMs, look.signal)]);
        look.abort();
      }
      view.show(running.progress());
      return ended(request, view, interrupts, io);
    } finally {
      await app.close();
    }
  } finally {
    await lock.release();
  }
}

function ended(
  { sinceMs }: BackfillRequest,
  view: BackfillView,
  interrupts: Interrupts,
  io: Io,
): Code {
  const { last } = view;
  view.end();
  if (last !== undefined && last.done_before === null && Date.parse(last.since) > sinceMs + 60_000)
    say(
      io.stderr,
      `It begins at ${last.since.slice(0, 16)}Z: Duo keeps 180 days, or it was begun then.`,
    );
  if (interrupts.signal !== undefined && last?.state !== 'done')
    return interrupts.signal === 'SIGTERM' ? 143 : 130;
  if (last?.state === 'done') return exitCodes.ok;
  if (last === undefined || last.state === 'running')
    say(
      io.stderr,
      'duologsync has ended meanwhile. The place is kept: run the same command to go on.',
    );
  return exitCodes.tryAgain;
}

function askedOf(request: BackfillRequest): Asked {
  const { key, sinceMs, untilMs, endpoints, accounts, servers, dryRun, restart } = request;
  return {
    ...{ do: 'backfill', key, since: sinceMs, endpoints, accounts, servers },
    ...(untilMs === undefined ? {} : { until: untilMs }),
    ...{ dry_run: dryRun, restart },
  };
}

/** What is in the way, for the person who waits. */
function logTo(view: BackfillView): Logger {
  const line = (sentence: string, fields: Fields = {}): void => {
    const { server, message, hint } = fields;
    const details = [server, message, hint].filter((one) => typeof one === 'string');
    view.say(printable([sentence, ...details].join(': ')));
  };
  return { ...silentLogger, warn: line, error: line };
}
