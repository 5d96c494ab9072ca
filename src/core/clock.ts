/** The time, as a parameter: tests pass their own. */
export interface Clock {
  /** Unix time in milliseconds; may jump. */
  nowMs(): number;
  /** Milliseconds that never jump, for durations. */
  monotonicMs(): number;
  /** Resolves after `ms`, or at once when the signal is or gets aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

// A longer timeout fires at once in Node.
const longestTimeoutMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(Math.max(0, ms), longestTimeoutMs));
      signal.addEventListener('abort', done, { once: true });
    });
  },
};
