import { systemClock, type Clock } from '../core/clock.ts';

/** The world as a command sees it; tests pass their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly clock: Clock;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

export const processIo: Io = {
  env: process.env,
  platform: process.platform,
  clock: systemClock,
  stdout: process.stdout,
  stderr: process.stderr,
};

export function say(stream: NodeJS.WritableStream, text: string): void {
  stream.write(`${text}\n`);
}
