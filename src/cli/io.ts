import { homedir } from 'node:os';
import { systemClock, type Clock } from '../core/clock.ts';
import type { SignalSource } from '../engine/shutdown.ts';
import type { CrashSource } from './crash.ts';

/** The world as a command sees it; tests pass their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** Undefined on Windows. */
  readonly uid: number | undefined;
  readonly clock: Clock;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly signals: SignalSource;
  readonly crashes: CrashSource;
  /** Ends the process at once. */
  exit(code: number): void;
}

export const processIo: Io = {
  env: process.env,
  platform: process.platform,
  home: homeFolder(homedir),
  uid: process.getuid?.(),
  clock: systemClock,
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
  crashes: process,
  exit: (code) => process.exit(code),
};

/** A container's user may have no entry and no HOME; then the system's answer is an error. */
export function homeFolder(ask: () => string): string {
  try {
    return ask();
  } catch {
    return '/';
  }
}

export function say(stream: NodeJS.WritableStream, text: string): void {
  stream.write(`${text}\n`);
}
