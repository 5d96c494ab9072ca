/** What the query port shows of the running program, in its own words. Times are Unix milliseconds. */
export interface QueryView {
  readonly threads: readonly ThreadView[];
  /** Gaps that nobody has acknowledged. */
  readonly gaps: number;
  /** Why something cannot be written on this machine: codes, each once. */
  readonly disk: readonly string[];
}

/** An endpoint over all its feeds: Duo Watcher's thread. The line is that of the feed furthest behind. */
export interface ThreadView {
  readonly endpoint: string;
  /** `stopping`: paused, and the page under way is not finished. `idle`: all its feeds are paused. */
  readonly state: 'running' | 'stopping' | 'idle';
  /** The end of the last poll; before the first one, the start. */
  readonly cycleMs: number;
  /** Undefined while the log has shown no event. */
  readonly lastEventMs: number | undefined;
  readonly cycles: number;
  readonly intervalMs: number;
  /** How long it still waits besides; 0 when it does not. */
  readonly backoffMs: number;
  /** `retried`: no poll has ended for four intervals. `parked`: it was refused and seldom tests itself. */
  readonly health: 'well' | 'retried' | 'parked';
  /** Since when its feeds are as they are: trouble that comes again is another one. */
  readonly sinceMs: number;
}
