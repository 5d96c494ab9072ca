import { hostname } from 'node:os';
import { join } from 'node:path';
import { borrowLearned } from '../../checkpoint/learned-store.ts';
import { stateDirectory } from '../../checkpoint/state-directory.ts';
import { didYouMean } from '../../config/did-you-mean.ts';
import type { Config, ServerConfig } from '../../config/schema.ts';
import { type Fields, type Logger, silentLogger } from '../../core/log.ts';
import { type EndpointName, endpoints } from '../../endpoints/index.ts';
import { withCommandLock } from '../command-lock.ts';
import { configPath, loadForCommand, tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { findArchiveFiles, type Found } from '../replay/archive-files.ts';
import type { Stretch } from '../replay/archived-line.ts';
import { progressPath, readProgress } from '../replay/progress.ts';
import { mustBeJson, replay } from '../replay/replay.ts';
import { printable } from '../table.ts';
import { parseTime, timeForms } from '../time-argument.ts';

export interface ReplayCommandOptions {
  readonly config?: string | undefined;
  readonly from: string;
  /** Id of a server. */
  readonly to: string;
  readonly since?: string;
  readonly until?: string;
  readonly endpoint?: string;
  readonly dryRun?: boolean;
  readonly restart?: boolean;
  /** Seconds after which it ends when nothing gets on. */
  readonly giveUp?: number;
}

/** Sends an archive in JSON to a server again, in that server's format; the program may run. */
export async function replayArchive(options: ReplayCommandOptions, io: Io): Promise<ExitCode> {
  const loaded = await loadForCommand(configPath(options.config, io), io, { warnings: false });
  if (loaded.exit !== undefined) return loaded.exit;
  const { config, paths } = loaded;
  const { endpoint } = options;
  const to = config.servers.find(({ id }) => id === options.to);
  const wrong =
    wrongServer(options.to, to, config) ?? wrongEndpoint(endpoint) ?? wrongTimes(options, io);
  if (wrong !== undefined || to === undefined) return usage(wrong ?? '', io);
  const state = stateDirectory(paths.directory, config.account.hostname);
  const named = isEndpoint(endpoint) ? endpoint : undefined;
  try {
    const found = await findArchiveFiles(options.from, config, named);
    if (found.files.length === 0) return usage(nothingIn(found), io);
    await mustBeJson(found.files);
    const work = (): Promise<ExitCode> => send({ config, to, found, state }, options, io);
    return options.dryRun === true ? await work() : await withCommandLock(state, io, work);
  } catch (error) {
    return tell(error, io);
  }
}

interface Parts {
  readonly config: Config;
  readonly to: ServerConfig;
  readonly found: Found;
  readonly state: string;
}

async function send(
  { config, to, found, state }: Parts,
  { since, until, endpoint, dryRun = false, restart = false, giveUp }: ReplayCommandOptions,
  io: Io,
): Promise<ExitCode> {
  const { clock } = io;
  const log = logTo(io);
  const progressFile = progressPath(state);
  const key = JSON.stringify([found.root, to.id, since ?? '', until ?? '', endpoint ?? '']);
  const known = (await readProgress(progressFile)).get(key);
  const from = restart ? undefined : known;
  if (from !== undefined)
    say(io.stdout, 'It goes on where the same command was broken off; --restart begins anew.');
  const learned = await borrowLearned({ path: join(state, 'learned.json'), clock, log });
  const tools = { clock, log, learned, ...(giveUp === undefined ? {} : { giveUp }) };
  const stretch: Stretch = from ?? timesOf({ since, until }, io);
  const tally = await replay({
    ...tools,
    ...(stretch.sinceMs === undefined ? {} : { sinceMs: stretch.sinceMs }),
    ...(stretch.untilMs === undefined ? {} : { untilMs: stretch.untilMs }),
    ...{ config, to, dryRun, from, progressFile, key, files: found.files, sender: hostname() },
  });
  const { unknown, links } = found;
  if (links.length > 0)
    say(
      io.stdout,
      `Links were not followed, such as ${printable(links[0] ?? '')} (${links.length} in all): name with --from what they lead to`,
    );
  if (unknown.length > 0)
    say(
      io.stdout,
      `${unknown.length} files were passed over, their paths do not tell which log they hold, such as ${printable(unknown[0] ?? '')}`,
    );
  return tally.tell(io, dryRun);
}

function timesOf(
  { since, until }: Partial<Record<'since' | 'until', string | undefined>>,
  io: Io,
): Stretch {
  const nowMs = io.clock.nowMs();
  const sinceMs = since === undefined ? undefined : parseTime(since, nowMs);
  const untilMs = until === undefined ? undefined : parseTime(until, nowMs);
  return {
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
  };
}

function wrongTimes({ since, until }: ReplayCommandOptions, io: Io): string | undefined {
  const nowMs = io.clock.nowMs();
  for (const [option, text] of [
    ['--since', since],
    ['--until', until],
  ] as const)
    if (text !== undefined && parseTime(text, nowMs) === undefined)
      return `${option} ${text} is no time. Write ${timeForms}.`;
  const { sinceMs, untilMs } = timesOf({ since, until }, io);
  if (sinceMs === undefined || untilMs === undefined || sinceMs < untilMs) return undefined;
  return '--until is not later than --since';
}

function wrongServer(
  name: string,
  to: ServerConfig | undefined,
  { servers }: Config,
): string | undefined {
  if (to?.protocol === 'FILE')
    return `--to ${name}: only the program itself writes an archive; name another server`;
  if (to !== undefined) return undefined;
  const ids = servers.map(({ id }) => id);
  const near = didYouMean(name, ids);
  return `--to ${name}: the config has no such server. ${near === undefined ? `It has ${ids.join(', ')}.` : `Did you mean '${near}'?`}`;
}

function wrongEndpoint(name: string | undefined): string | undefined {
  if (name === undefined || isEndpoint(name)) return undefined;
  return `--endpoint ${name}: there is no such log. There are ${Object.keys(endpoints).join(', ')}.`;
}

function isEndpoint(name: string | undefined): name is EndpointName {
  return name !== undefined && Object.hasOwn(endpoints, name);
}

function nothingIn({ root, unknown, links }: Found): string {
  const [link] = links;
  if (unknown.length === 0 && link !== undefined)
    return `${root} holds no file of an archive, and the link ${link} is not followed: name what it leads to`;
  if (unknown.length === 0) return `${root} holds no file of an archive`;
  return `the path of ${unknown[0] ?? ''} does not tell which log it holds: add --endpoint`;
}

function usage(wrong: string, io: Io): ExitCode {
  say(io.stderr, `duologsync: ${printable(wrong)}`);
  return exitCodes.usage;
}

/** What the server does meanwhile, for the person who waits. */
function logTo(io: Io): Logger {
  const line = (sentence: string, fields: Fields = {}): void => {
    const { server, message, hint } = fields;
    const details = [server, message, hint].filter((one) => typeof one === 'string');
    say(io.stderr, [sentence, ...details].join(': '));
  };
  return { ...silentLogger, warn: line, error: line };
}
