import type { Clock } from '../core/clock.ts';

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** A promise that is settled from outside; one that nobody awaits may be rejected. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** Calls `done` when the signal is or gets aborted; returns how to stop listening. */
export function onAbort(signal: AbortSignal, done: () => void): () => void {
  if (signal.aborted) {
    done();
    return () => undefined;
  }
  signal.addEventListener('abort', done, { once: true });
  return () => signal.removeEventListener('abort', done);
}

/** The promise's result, or the signal's reason as an error when that comes first. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = deferred<never>();
  const quiet = onAbort(signal, () => aborted.reject(signal.reason));
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    quiet();
  }
}

/** Gives `work` a signal that is aborted with `late()` after `ms`, or with the outer signal's reason. */
export async function within<T>(
  ms: number,
  late: () => Error,
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const over = new AbortController();
  const quiet = onAbort(signal, () => limit.abort(signal.reason));
  const timer = clock.sleep(ms, over.signal).then(() => {
    if (!over.signal.aborted) limit.abort(late());
  });
  try {
    return await work(limit.signal);
  } finally {
    quiet();
    over.abort();
    await timer;
  }
}
