import { hostname } from 'node:os';
import { join } from 'node:path';
import { mainAccount } from '../../config/main-account.ts';
import { borrowLearned } from '../../checkpoint/learned-store.ts';
import { stateDirectory } from '../../checkpoint/state-directory.ts';
import { didYouMean } from '../../config/did-you-mean.ts';
import type { Config } from '../../config/schema.ts';
import { type Fields, type Logger, silentLogger } from '../../core/log.ts';
import { hasState, withCommandLock } from '../command-lock.ts';
import { configPath, loadForCommand, tell } from '../config-file.ts';
import { resendDlsFile } from '../dead-letter/dls-file.ts';
import { listLetters, showLetter } from '../dead-letter/list.ts';
import { resendLetters } from '../dead-letter/resend.ts';
import type { Filters } from '../dead-letter/stored-letters.ts';
import { unmatched } from '../dead-letter/unmatched.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';

export interface ListOptions {
  readonly config?: string | undefined;
  readonly json?: boolean;
  /** Id of a letter or an event. */
  readonly show?: string;
}

export interface ResendCommandOptions extends Filters {
  readonly config?: string | undefined;
  /** Id of a server. */
  readonly to?: string;
  readonly dryRun?: boolean;
  /** A file of Duo Log Sync instead of the dead letters. */
  readonly dls?: string;
  /** Seconds after which it ends when nothing gets on. */
  readonly giveUp?: number;
}

/** Tells what waits among the dead letters; only reads. */
export async function listDeadLetters(options: ListOptions, io: Io): Promise<ExitCode> {
  const path = configPath(options.config, io);
  const loaded = await loadForCommand(path, io, { secrets: false, warnings: false });
  if (loaded.exit !== undefined) return loaded.exit;
  const state = stateDirectory(loaded.paths.directory, loaded.config.account.hostname);
  try {
    if (options.show !== undefined) return await showLetter(state, path, options.show, io);
    return await listLetters(state, path, options.json ?? false, io);
  } catch (error) {
    return tell(error, io);
  }
}

/** Sends dead letters, or Duo Log Sync's file of them, through the ordinary sinks; the program may run. */
export async function resendDeadLetters(options: ResendCommandOptions, io: Io): Promise<ExitCode> {
  const path = configPath(options.config, io);
  const loaded = await loadForCommand(path, io, { warnings: false });
  if (loaded.exit !== undefined) return loaded.exit;
  const { config, paths } = loaded;
  const state = stateDirectory(paths.directory, config.account.hostname);
  try {
    const wrong = wrongUse(options, config) ?? (await unmatched(state, options, config, path));
    if (wrong !== undefined) {
      say(io.stderr, `duologsync: ${wrong}`);
      return exitCodes.usage;
    }
    if (options.dls === undefined && !(await hasState(state))) {
      say(io.stdout, 'Nothing is to be sent.');
      return exitCodes.ok;
    }
    return await withCommandLock(state, io, () => resend(config, state, options, io));
  } catch (error) {
    return tell(error, io);
  }
}

async function resend(
  config: Config,
  state: string,
  { dls: file, to: server, dryRun = false, giveUp, ...filters }: ResendCommandOptions,
  io: Io,
): Promise<ExitCode> {
  const { clock } = io;
  const log = logTo(io);
  const to = config.servers.find(({ id }) => id === server);
  const learned = await borrowLearned({ path: join(state, 'learned.json'), clock, log });
  const tools = { clock, log, learned, ...(giveUp === undefined ? {} : { giveUp }) };
  const common = { ...tools, state, dryRun, sender: hostname() };
  const tally =
    file !== undefined && to !== undefined
      ? await resendDlsFile({ ...common, file, to, account: mainAccount(config) })
      : await resendLetters({ ...common, ...filters, config, ...(to === undefined ? {} : { to }) });
  const exit = tally.tell(io, dryRun);
  if (file !== undefined && exit === exitCodes.ok && !dryRun) {
    say(io.stdout, `${file} is as it was: remove it when you have seen its events in the SIEM.`);
  }
  return exit;
}

function wrongUse(
  { to, dls, ...filters }: ResendCommandOptions,
  config: Config,
): string | undefined {
  if (dls !== undefined && to === undefined)
    return '--dls needs --to: which server gets its lines?';
  const { feed, reason, id } = filters;
  if (dls !== undefined && [feed, reason, id].some((filter) => filter !== undefined)) {
    return '--dls sends the whole file: --feed, --reason and --id choose among the dead letters';
  }
  const ids = config.servers.map((server) => server.id);
  if (config.servers.some(({ id, protocol }) => id === to && protocol === 'FILE'))
    return `--to ${to ?? ''}: only the program itself writes an archive; name another server`;
  if (to === undefined || ids.includes(to)) return undefined;
  const near = didYouMean(to, ids);
  return `--to ${to}: the config has no such server. ${near === undefined ? `It has ${ids.join(', ')}.` : `Did you mean '${near}'?`}`;
}

/** What a server does meanwhile, for the person who waits. */
function logTo(io: Io): Logger {
  const line = (sentence: string, fields: Fields = {}): void => {
    const { server, message, hint } = fields;
    const details = [server, message, hint].filter((one) => typeof one === 'string');
    say(io.stderr, [sentence, ...details].join(': '));
  };
  return { ...silentLogger, warn: line, error: line };
}
