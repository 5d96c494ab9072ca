import { acknowledge, gapForMachines, openGapsOf } from '../../checkpoint/acknowledge.ts';
import type { GapRecord } from '../../checkpoint/gap-record.ts';
import { stateDirectory } from '../../checkpoint/state-directory.ts';
import { configFlag } from '../../config/config-flag.ts';
import { ForwarderError } from '../../core/errors.ts';
import { isoTime } from '../../core/iso-time.ts';
import type { GapKind } from '../../core/types.ts';
import { hasState, withCommandLock } from '../command-lock.ts';
import { configPath, loadForCommand, tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { printable, table } from '../table.ts';

export interface GapsOptions {
  readonly config?: string | undefined;
  /** Ids separated by commas, or `all`. */
  readonly ack?: string;
  readonly json?: boolean;
}

const whatToDo: Readonly<Record<GapKind, string>> = {
  reach:
    'Duo serves 180 days and no more: these events can be had nowhere else than in what Duo or your SIEM already showed. See in the log of that time why nothing was delivered for so long.',
  second:
    'Duo shows 1,000 rows of one second and no more. The rest may be seen in the Duo Admin Panel, Reports, under the minute named here.',
  letters:
    'Dead letters were dropped because their file was full. See with `duologsync dead-letter list` why events end up there; the Duo Admin Panel still shows events of the last 180 days.',
};

/** Lists gaps that nobody acknowledged, oldest first, and takes acknowledgements; the program may run. */
export async function gaps(options: GapsOptions, io: Io): Promise<ExitCode> {
  const path = configPath(options.config, io);
  const loaded = await loadForCommand(path, io, { secrets: false, warnings: false });
  if (loaded.exit !== undefined) return loaded.exit;
  const state = stateDirectory(loaded.paths.directory, loaded.config.account.hostname);
  try {
    if (!(await hasState(state))) return show([], path, options, io);
    if (options.ack === undefined) return show(await openGapsOf(state), path, options, io);
    const ack = options.ack;
    return await withCommandLock(state, io, () => acknowledged(ack, state, path, options, io));
  } catch (error) {
    return tell(error, io);
  }
}

async function acknowledged(
  ack: string,
  state: string,
  config: string,
  options: GapsOptions,
  io: Io,
): Promise<ExitCode> {
  const ids = ack === 'all' ? ack : ack.split(',').map((id) => id.trim());
  try {
    const done = await acknowledge(state, ids);
    if (options.json !== true) say(io.stdout, `Acknowledged: ${done.length}`);
  } catch (error) {
    if (!(error instanceof ForwarderError) || error.code !== 'no_such_gap') throw error;
    say(io.stderr, `duologsync: ${error.message}`);
    say(io.stderr, `  The ids are in the first column of: duologsync gaps${configFlag(config)}`);
    return exitCodes.usage;
  }
  return show(await openGapsOf(state), config, options, io);
}

function show(open: readonly GapRecord[], config: string, { json }: GapsOptions, io: Io): ExitCode {
  const exit = open.length === 0 ? exitCodes.ok : exitCodes.failure;
  if (json === true) {
    say(io.stdout, JSON.stringify({ schema_version: 1, gaps: open.map(forMachines) }, null, 2));
    return exit;
  }
  if (open.length === 0) {
    say(io.stdout, 'No gap is unacknowledged.');
    return exit;
  }
  const rows = open.map((gap) => [
    gap.id,
    gap.endpoint,
    accountOf(gap),
    gap.serverId,
    isoTime(gap.fromMs),
    isoTime(gap.toMs),
    reasonOf(gap),
  ]);
  const head = ['GAP', 'LOG', 'ACCOUNT', 'SERVER', 'FROM', 'TO', 'REASON'];
  say(io.stdout, table([head, ...rows]));
  say(io.stdout, '');
  for (const kind of new Set(open.map((gap) => gap.kind))) {
    const ids = open.filter((gap) => gap.kind === kind).map(({ id }) => id);
    const more = ids.length > 4 ? [...ids.slice(0, 3), `${ids.length - 3} more`] : ids;
    say(io.stdout, `${more.join(', ')}: ${whatToDo[kind]}`);
  }
  say(io.stdout, 'Tell whoever relies on these events. Then they are shown no more after:');
  say(
    io.stdout,
    `  duologsync gaps --ack ${open.length === 1 ? (open[0]?.id ?? '') : 'all'}${configFlag(config)}`,
  );
  return exit;
}

function accountOf({ account }: GapRecord): string {
  return printable(account.id === undefined ? account.name : `${account.name} (${account.id})`);
}

function reasonOf({ reason, times }: GapRecord): string {
  return times > 1 ? `${reason} (${times} times between these two)` : reason;
}

function forMachines(gap: GapRecord): object {
  return { ...gapForMachines(gap), what_to_do: whatToDo[gap.kind] };
}
