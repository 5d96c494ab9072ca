import type { Io } from './io.ts';

/**
 * Ends the process once its output is written. Waiting for the event loop to run empty is not enough: a
 * socket that the runtime has lost track of can keep a process spinning at its end (seen with Node 20).
 */
export async function leave(
  code: number,
  io: Pick<Io, 'stdout' | 'stderr' | 'exit'>,
): Promise<void> {
  await Promise.all([written(io.stdout), written(io.stderr)]);
  io.exit(code);
}

/** Resolves too when the reader is gone. */
function written(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    if (!stream.writable) return resolve();
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
