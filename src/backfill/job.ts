import { setMaxListeners } from 'node:events';
import { follow, type Following } from '../core/abort.ts';
import type { Clock } from '../core/clock.ts';
import { ForwarderError, asForwarderError } from '../core/errors.ts';
import type { OpenFeed } from '../engine/engine.ts';
import type { Feed } from '../engine/feed.ts';
import { sleepUnless } from '../engine/feed-control.ts';
import { FeedStatus } from '../engine/feed-status.ts';
import { type BackfillProgress, type JobState, progressOf } from './progress.ts';
import { RangeRun, type RangeTools } from './range-run.ts';
import type { BackfillRecord } from './records.ts';
import type { Track } from './track.ts';

export interface JobOptions {
  readonly record: BackfillRecord;
  readonly dryRun: boolean;
  readonly tracks: readonly Track[];
  /** Opens a feed with all that it holds; undefined when the config has it no more. */
  readonly open: (track: Track) => OpenFeed | undefined;
  readonly tools: Omit<RangeTools, 'limited' | 'key' | 'untilMs' | 'dryRun'>;
  readonly clock: Clock;
  /** Called when everything is confirmed. */
  readonly finish: (sent: number) => Promise<void>;
}

/** A quarter of a server's places: most are always there for the live feeds. */
const atOncePerServer = 4;
/** How long a delivery may go on that is in the way of a reload, or of the end. */
const graceMs = 20_000;
const longMs = 60_000;

/** A backfill that runs: the feeds of each server four at a time; who has trouble lets others pass. */
export class Job {
  readonly #options: JobOptions;
  readonly #startedMs: number;
  #endedMs: number | undefined;
  #state: JobState = 'running';
  #limited = 0;
  #lap: Following | undefined;
  #resting: Promise<void> = Promise.resolve();
  #held: Promise<void> | undefined;

  constructor(options: JobOptions) {
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
  }

  get key(): string {
    return this.#options.record.key;
  }

  get state(): JobState {
    return this.#state;
  }

  /** Until all is read, or what is left is refused, or `stop`; never rejects. */
  async run(stop: AbortSignal): Promise<void> {
    const { tracks, clock } = this.#options;
    for (;;) {
      while (this.#held !== undefined) await this.#held;
      const lap = (this.#lap = follow(stop));
      const laps = this.#servers().map((server) => this.#lane(server, lap.signal));
      this.#resting = Promise.all(laps).then(() => undefined);
      await this.#resting;
      lap.release();
      if (stop.aborted || !lap.signal.aborted) break;
    }
    // What is too young is found by the same command later.
    const done = tracks.every(({ state, tooYoung }) => state === 'done' && !tooYoung);
    this.#state = done ? await this.#finished() : stop.aborted ? 'stopped' : 'incomplete';
    this.#endedMs = clock.monotonicMs();
  }

  /** Every feed ends its page and lets go of what it holds, until the returned function is called. */
  async hold(): Promise<() => void> {
    let goOn = (): void => undefined;
    this.#held = new Promise((resolve) => (goOn = resolve));
    this.#lap?.abort(new Error('the config is read anew'));
    await this.#resting;
    return () => {
      this.#held = undefined;
      goOn();
    };
  }

  progress(): BackfillProgress {
    const { record, tracks, dryRun, clock } = this.#options;
    const { key, sinceMs, untilMs } = record;
    return progressOf({
      ...{ key, sinceMs, untilMs, dryRun, tracks, state: this.#state, limited: this.#limited },
      elapsedMs: (this.#endedMs ?? clock.monotonicMs()) - this.#startedMs,
      nowMs: clock.nowMs(),
    });
  }

  async #finished(): Promise<JobState> {
    const { tracks, finish } = this.#options;
    try {
      await finish(tracks.reduce((sum, { sent }) => sum + sent, 0));
      return 'done';
    } catch (error) {
      const [first] = tracks;
      if (first !== undefined) {
        first.state = 'failed';
        first.failure = asForwarderError(error);
      }
      return 'incomplete';
    }
  }

  #servers(): readonly string[] {
    return [...new Set(this.#options.tracks.map(({ server }) => server))];
  }

  /** The feeds of one server, until all are through or `stop`. */
  async #lane(server: string, stop: AbortSignal): Promise<void> {
    const { tracks, clock } = this.#options;
    const over = new AbortController();
    // What holds up a delivery at its end is not waited for any longer than this.
    const late = (): void =>
      void clock.sleep(graceMs, over.signal).then(() => {
        if (!over.signal.aborted) abandon.abort(new Error('the time to stop is over'));
      });
    const abandon = new AbortController();
    setMaxListeners(0, abandon.signal);
    stop.addEventListener('abort', late, { once: true });
    const lane = new Lane(
      tracks.filter((track) => track.server === server && isLeft(track)),
      (track) => this.#open(track, abandon.signal),
      clock,
    );
    try {
      await Promise.all(Array.from({ length: atOncePerServer }, () => lane.work(stop)));
    } finally {
      stop.removeEventListener('abort', late);
      over.abort();
      lane.close();
    }
  }

  #open(track: Track, abandon: AbortSignal): Opened | undefined {
    const { open, tools, record, tracks, dryRun } = this.#options;
    const found = open(track);
    if (found === undefined) return undefined;
    const { clock, log } = tools.feedTools;
    const sameLog = (one: Track): boolean =>
      one.endpoint === track.endpoint && one.account.id === track.account.id;
    const isShared = tracks.filter(sameLog).length > 1;
    const feed: Feed = {
      ...found.feed,
      source: found.feed.source.behind(() => isShared),
      status: new FeedStatus(`backfill ${track.id}`, clock, log),
    };
    track.feed = feed;
    const { untilMs, nonce: key } = record;
    const limited = (): void => void (this.#limited += 1);
    const run = new RangeRun(feed, track, { ...tools, untilMs, key, dryRun, limited }, abandon);
    return {
      run,
      close: () => {
        feed.source.forget();
        found.close();
        if (isLeft(track)) track.state = 'waiting';
      },
    };
  }
}

function isLeft({ state }: Track): boolean {
  return state === 'waiting' || state === 'reading';
}

interface Opened {
  readonly run: RangeRun;
  close(): void;
}

interface Waiting {
  readonly track: Track;
  opened: Opened | undefined;
  notBeforeMs: number;
}

/** Whose turn it is: who has waited out its trouble, first come, first served. */
class Lane {
  readonly #waiting: Waiting[];
  readonly #open: (track: Track) => Opened | undefined;
  readonly #clock: Clock;
  readonly #all: readonly Waiting[];
  readonly #sleepers = new Set<() => void>();
  #left: number;

  constructor(tracks: readonly Track[], open: (track: Track) => Opened | undefined, clock: Clock) {
    this.#all = tracks.map((track) => ({ track, opened: undefined, notBeforeMs: 0 }));
    this.#waiting = [...this.#all];
    this.#left = tracks.length;
    this.#open = open;
    this.#clock = clock;
  }

  async work(stop: AbortSignal): Promise<void> {
    while (!stop.aborted && this.#left > 0) {
      const nowMs = this.#clock.monotonicMs();
      const at = this.#waiting.findIndex(({ notBeforeMs }) => notBeforeMs <= nowMs);
      if (at < 0) {
        await sleepUnless(this.#sleepers, this.#nextInMs(nowMs), this.#clock, stop);
        continue;
      }
      const [next] = this.#waiting.splice(at, 1);
      if (next !== undefined) await this.#go(next, stop);
    }
  }

  close(): void {
    for (const one of this.#all) this.#close(one);
  }

  async #go(one: Waiting, stop: AbortSignal): Promise<void> {
    try {
      one.opened ??= this.#open(one.track);
      if (one.opened === undefined) throw goneError(one.track);
    } catch (error) {
      one.track.state = 'failed';
      one.track.failure = asForwarderError(error);
    }
    const outcome = (await one.opened?.run.go(stop)) ?? { kind: 'failed' };
    if (outcome.kind === 'waits') {
      one.notBeforeMs = this.#clock.monotonicMs() + outcome.ms;
      this.#waiting.push(one);
    } else if (outcome.kind !== 'stopped') {
      this.#left -= 1;
      this.#close(one);
    }
    for (const wake of [...this.#sleepers]) wake();
  }

  #close(one: Waiting): void {
    one.opened?.close();
    one.opened = undefined;
  }

  /** Whoever comes back earlier wakes those that sleep here. */
  #nextInMs(nowMs: number): number {
    const waits = this.#waiting.map(({ notBeforeMs }) => notBeforeMs - nowMs);
    return Math.max(1, Math.min(longMs, ...waits));
  }
}

function goneError({ id }: Track): ForwarderError {
  return new ForwarderError('no_such_feed', `the config has no feed ${id} any more`, {
    remedy: 'stop',
    hint: 'Run the command again, without this feed.',
  });
}
