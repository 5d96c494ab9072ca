import { messageOf } from '../core/errors.ts';
import type { ProgramLog } from '../core/program-log.ts';
import { exitCodes } from './exit-codes.ts';
import { type Io, say } from './io.ts';

/** The part of `process` that is used; tests pass an EventEmitter. Rejections that nobody handles come this way too. */
export interface CrashSource {
  on(event: 'uncaughtException', listener: (error: unknown) => void): unknown;
  off(event: 'uncaughtException', listener: (error: unknown) => void): unknown;
}

export interface CrashTools {
  readonly programLog: ProgramLog;
  /** Takes secrets out of what goes to stderr; the log does that by itself. */
  readonly redact: (text: string) => string;
  readonly io: Pick<Io, 'stderr' | 'exit' | 'clock' | 'crashes'>;
}

const closeWithinMs = 2_000;

/**
 * A mistake of ours that nobody caught: what it was goes to the log and to stderr with its stack, then the process
 * ends with 70. Nothing is lost by that: a start goes on from the checkpoints. Gives what ends the watch.
 */
export function watchCrashes(tools: CrashTools): () => void {
  const { programLog, io } = tools;
  let crashed = false;
  const listener = (error: unknown): void => {
    if (crashed) return io.exit(exitCodes.bug);
    crashed = true;
    tellBug(error, tools);
    // A disk that does not take the log must not keep the process.
    const late = io.clock.sleep(closeWithinMs, new AbortController().signal);
    void Promise.race([programLog.close(), late]).then(() => io.exit(exitCodes.bug));
  };
  io.crashes.on('uncaughtException', listener);
  return () => void io.crashes.off('uncaughtException', listener);
}

/** Says a mistake of ours in the log and on stderr. */
export function tellBug(error: unknown, { programLog, redact, io }: CrashTools): void {
  const stack = error instanceof Error ? error.stack : undefined;
  programLog.log.error(
    'A mistake in duologsync ends it; started again, it goes on from its checkpoints',
    {
      code: 'bug',
      error: messageOf(error),
      hint: 'Start it again and report this line.',
      stack,
    },
  );
  say(io.stderr, redact(`duologsync: unexpected failure: ${stack ?? messageOf(error)}`));
}
