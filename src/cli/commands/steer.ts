import type { Selection } from '../../core/requests.ts';
import { ask } from '../ask.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { counted, grouped } from '../units.ts';

/** Commands for some or all feeds of the running program. */
export type Steer = 'pause' | 'resume' | 'poll' | 'interval' | 'maxcount';

export interface SteerOptions extends Selection {
  /** Seconds or rows; `auto`: what the config says. */
  readonly value?: number | 'auto';
  readonly json?: boolean;
}

/** Tells the running program what to do with these feeds; forgotten when it ends. */
export async function steer(
  what: Steer,
  given: string | undefined,
  { value, json, ...selection }: SteerOptions,
  io: Io,
): Promise<ExitCode> {
  const argument = what === 'maxcount' ? 'rows' : 'seconds';
  const number = value === undefined ? {} : { [argument]: value === 'auto' ? null : value };
  const answer = await ask(given, { do: what, ...selection, ...number }, io);
  if (answer.exit !== undefined) return answer.exit;
  const { result } = answer;
  if (json === true) say(io.stdout, JSON.stringify(result));
  else say(io.stdout, sentence(what, value, Number(result['feeds'] ?? 0)));
  return exitCodes.ok;
}

function sentence(what: Steer, value: number | 'auto' | undefined, feeds: number): string {
  const which = counted(feeds, 'feed');
  const each = feeds === 1 ? 'it' : 'they';
  const untilRestart = 'Forgotten at a restart.';
  switch (what) {
    case 'pause':
      return `Paused ${which}: what is on its way is finished, then ${each} ask${feeds === 1 ? 's' : ''} Duo for nothing until duologsync resume or a restart.`;
    case 'resume':
      return feeds === 0 ? 'No feed was paused.' : `Resumed ${which}.`;
    case 'poll':
      return `Polling ${which} now.`;
    case 'interval':
      return value === 'auto'
        ? `${which}: polls as often as the config says.`
        : `${which}: polls every ${grouped(value ?? 0)} s when nothing is left to read. ${untilRestart}`;
    case 'maxcount':
      return value === 'auto'
        ? `${which}: pages as large as Duo gives.`
        : `${which}: pages of at most ${counted(value ?? 0, 'row')}. ${untilRestart}`;
  }
}
