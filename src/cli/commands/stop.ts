import { call, type CallOptions, type Holder, holderOf } from '../../control/call.ts';
import { callOptions } from '../ask.ts';
import { tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { placeOf } from '../state-place.ts';

export interface StopOptions {
  readonly wait?: boolean;
  /** Seconds to wait at most. */
  readonly within?: number;
}

// The program gives a delivery under way 25 s.
const defaultWaitSeconds = 60;
const lookEveryMs = 100;

/** Ends the running program in good order; with `wait` exit 75 when it has not ended by then. */
export async function stop(
  given: string | undefined,
  options: StopOptions,
  io: Io,
): Promise<ExitCode> {
  const place = await placeOf(given, io);
  if (place.exit !== undefined) return place.exit;
  const how = callOptions(place, io);
  try {
    const holder = await holderOf(how);
    await call({ do: 'stop' }, how);
    if (options.wait !== true) {
      say(io.stdout, 'Stopping: what is on its way is finished and saved.');
      return exitCodes.ok;
    }
    const seconds = options.within ?? defaultWaitSeconds;
    if (await hasEnded(holder, how, seconds * 1000, io)) {
      say(io.stdout, 'Stopped.');
      return exitCodes.ok;
    }
    say(io.stderr, `duologsync: it has not ended within ${seconds} s`);
    say(io.stderr, '  It still finishes a delivery, or hangs: look into its log.');
    return exitCodes.tryAgain;
  } catch (error) {
    return tell(error, io);
  }
}

/** Also when a service manager has started it again meanwhile. */
async function hasEnded(
  before: Holder | undefined,
  how: CallOptions,
  withinMs: number,
  io: Io,
): Promise<boolean> {
  const untilMs = io.clock.monotonicMs() + withinMs;
  while (io.clock.monotonicMs() < untilMs) {
    // While it closes its socket an answer may break off: that is neither of the two.
    const now = await holderOf(how).catch(() => before);
    if (now === undefined || now.pid !== before?.pid || now.since !== before?.since) return true;
    await io.clock.sleep(lookEveryMs, new AbortController().signal);
  }
  return false;
}
