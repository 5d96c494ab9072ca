import { connect } from 'node:net';
import { systemCode } from '../core/errors.ts';
import { isObject } from '../core/row.ts';
import type { JsonObject, JsonValue } from '../core/types.ts';

/** Whether somebody listens, and the JSON line that was answered; none when it is silent. */
export type Probe =
  { readonly live: false } | { readonly live: true; readonly answer: JsonObject | undefined };

const longestAnswer = 64 * 1024;
// Nobody there: never was, left by a killed process, no socket at all, or dying at this moment.
const deadCodes = ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ECONNRESET', 'EPIPE'];

/** Asks who listens at a socket or pipe. A silent listener (a paused process) counts as live. */
export function probe(path: string, timeoutMs = 2000): Promise<Probe> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    const finish = (result: Probe): void => {
      socket.destroy();
      resolve(result);
    };
    const live = (): void => finish({ live: true, answer: parse(text) });
    socket.setEncoding('utf8');
    socket.setTimeout(timeoutMs, live);
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n') || text.length > longestAnswer) live();
    });
    socket.on('end', live);
    socket.on('error', (error) => {
      const code = systemCode(error) ?? '';
      if (deadCodes.includes(code)) return finish({ live: false });
      if (code === 'EACCES' || code === 'EPERM') {
        socket.destroy();
        return reject(error);
      }
      live();
    });
  });
}

function parse(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as JsonValue;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
