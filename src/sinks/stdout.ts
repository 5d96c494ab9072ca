import { once } from 'node:events';
import type { Sink } from './sink.ts';

const newline = Buffer.from('\n');

/** Events on a stream, for a look at them; confirms nothing. */
export function openStdout(stream: NodeJS.WritableStream): Sink {
  let confirmedLines = 0;
  return {
    restore: async () => undefined,
    async write(batch, signal) {
      signal.throwIfAborted();
      const text = Buffer.concat(batch.lines.flatMap(({ bytes }) => [bytes, newline]));
      if (!stream.write(text)) await once(stream, 'drain', { signal });
      confirmedLines += batch.lines.length;
      return undefined;
    },
    check: async () => undefined,
    flush: () => undefined,
    state: () => ({ level: 'none', confirmedLines }),
    close: async () => undefined,
  };
}
