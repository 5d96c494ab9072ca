import { setMaxListeners } from 'node:events';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';

/** The part of `process` that is used; tests pass an EventEmitter. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

export interface ShutdownOptions {
  readonly signals: SignalSource;
  readonly platform: NodeJS.Platform;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a delivery under way may go on after the first signal. */
  readonly graceMs: number;
  /** SIGHUP on POSIX: logrotate moved the log away, or the config is to be read anew. */
  readonly hangUp: () => void;
  /** The second signal: leave at once. */
  readonly exitNow: (signal: NodeJS.Signals) => void;
}

export interface Shutdown {
  /** Ends waiting, polling and new fetches. */
  readonly stop: AbortSignal;
  /** Ends deliveries under way: `graceMs` after `stop`. */
  readonly abandon: AbortSignal;
  /** Stops as the first signal does. */
  begin(reason: string): void;
  dispose(): void;
}

/**
 * Turns signals into two abort signals. On Windows Ctrl-C is SIGINT, Ctrl-Break SIGBREAK, and closing the
 * console SIGHUP (the process is ended about ten seconds later); SIGTERM never arrives there.
 */
export function watchSignals(options: ShutdownOptions): Shutdown {
  const { signals, platform, clock, log, graceMs } = options;
  const stop = new AbortController();
  const abandon = new AbortController();
  const ended = new AbortController();
  // Every feed listens to them; Node would take more than ten for a leak and warn on stderr.
  setMaxListeners(0, stop.signal, abandon.signal);
  const begin = (reason: string): void => {
    if (stop.signal.aborted) return;
    log.info('Stopping: what is on its way is finished and saved', { reason });
    stop.abort(new Error(`stopped by ${reason}`));
    const late = clock.sleep(graceMs, ended.signal);
    void late.then(() => abandon.abort(new Error('the time to stop is over')));
  };
  const windows = platform === 'win32';
  const ends: readonly NodeJS.Signals[] = windows
    ? ['SIGINT', 'SIGBREAK', 'SIGHUP']
    : ['SIGINT', 'SIGTERM'];
  const listeners = ends.map((signal) => {
    const listener = (): void => {
      if (stop.signal.aborted) options.exitNow(signal);
      else begin(signal);
    };
    signals.on(signal, listener);
    return { signal, listener };
  });
  if (!windows) {
    signals.on('SIGHUP', options.hangUp);
    listeners.push({ signal: 'SIGHUP', listener: options.hangUp });
  }
  return {
    stop: stop.signal,
    abandon: abandon.signal,
    begin,
    dispose: () => {
      for (const { signal, listener } of listeners) signals.off(signal, listener);
      ended.abort();
    },
  };
}
