import type { LimitFunction } from 'p-limit';

/** Rejects at once when aborted; undici notices an abort only once it is connected. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    // Also when it is too late: a rejection that nobody takes would end the process.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Runs `work` when its turn comes; rejects at once when aborted before. */
export function inTurn<T>(
  turn: LimitFunction,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const run = async (): Promise<void> => {
      signal.removeEventListener('abort', abort);
      if (!signal.aborted) await work().then(resolve, reject);
    };
    turn(run).catch(reject);
  });
}
