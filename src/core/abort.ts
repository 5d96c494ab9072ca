import { setMaxListeners } from 'node:events';

/** A signal of one's own that is aborted with others. */
export interface Following {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  /** It follows no more. */
  release(): void;
}

/** Follows other signals until it is let go; AbortSignal.any holds on for as long as they live. */
export function follow(...signals: readonly AbortSignal[]): Following {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const releases = signals.map((signal) => {
    const abort = (): void => controller.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    return () => signal.removeEventListener('abort', abort);
  });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => releases.forEach((release) => release()),
  };
}

/** The promise's outcome, or a rejection with the signal's reason as soon as it is aborted. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(reasonOf(signal));
    if (signal.aborted) {
      // Nobody waits for it any more: its failure must not count as unhandled.
      promise.catch(() => undefined);
      return leave();
    }
    signal.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

/** An abort's reason as an Error, so that it can be thrown. */
export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
