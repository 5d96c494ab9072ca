import pLimit from 'p-limit';
import type { FeedChanges } from '../core/requests.ts';
import { type BeginTools, startOf } from './begin.ts';
import { type Feed, type FeedTools, type Start } from './feed.ts';
import { Life } from './life.ts';
import { supervise } from './supervise.ts';
import { watchForStalls } from './watchdog.ts';

const beginsAtOnce = 32;

/** A feed with all that it holds. */
export interface OpenFeed {
  readonly feed: Feed;
  /** Called once, when it has ended for good, long before the program may. */
  close(): void;
}

/** A feed that is to run. */
export interface WantedFeed {
  readonly id: string;
  /** All that it depends on: when this differs the feed is started anew. */
  readonly fingerprint: string;
  open(): OpenFeed;
}

export interface EngineOptions {
  readonly feedTools: FeedTools;
  readonly beginTools: BeginTools;
  /** Sends what waits at the servers at once. */
  flush(): void;
  /** How long a feed that is wanted no more may finish a delivery. */
  readonly graceMs: number;
}

interface Running {
  readonly fingerprint: string;
  /** Undefined before it was opened, and when it was wanted no more by then. */
  open: OpenFeed | undefined;
  /** It is wanted no more, or in another way. */
  isGone: boolean;
  /** Undefined while it does not run. */
  end: (() => void) | undefined;
  readonly done: Promise<boolean>;
}

/**
 * Runs the feeds that are wanted until `stop` (or, with `once`, until all are caught up). One feed's trouble,
 * whatever it is, stays in that feed.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #stop: AbortSignal;
  readonly #abandon: AbortSignal;
  readonly #running = new Map<string, Running>();
  /** Thousands of feeds that all read and save their first checkpoint at once would only cost memory. */
  readonly #begins = pLimit(beginsAtOnce);
  readonly #flush: () => void;

  constructor(options: EngineOptions, stop: AbortSignal, abandon: AbortSignal) {
    this.#options = options;
    this.#stop = stop;
    this.#abandon = abandon;
    this.#flush = () => options.flush();
    stop.addEventListener('abort', this.#flush, { once: true });
    watchForStalls(() => this.feeds, options.feedTools, stop);
  }

  /** The feeds of now. */
  get feeds(): readonly Feed[] {
    return [...this.#running.values()].flatMap(({ open }) => open?.feed ?? []);
  }

  /** Starts, ends and restarts what differs; the others notice nothing. */
  become(wanted: readonly WantedFeed[]): FeedChanges {
    const ids = new Set(wanted.map(({ id }) => id));
    const stopped: string[] = [];
    for (const [id, running] of this.#running) {
      if (ids.has(id) || running.isGone) continue;
      leave(running);
      stopped.push(id);
    }
    const [started, restarted]: [string[], string[]] = [[], []];
    for (const feed of wanted) {
      const before = this.#running.get(feed.id);
      if (before?.fingerprint === feed.fingerprint && !before.isGone) continue;
      (before?.isGone === false ? restarted : started).push(feed.id);
      if (before !== undefined) leave(before);
      this.#start(feed, before);
    }
    const changed = started.length + restarted.length;
    return { started, restarted, stopped, unchanged: wanted.length - changed };
  }

  /** Resolves, when all have ended, to whether every feed did all it had to. */
  async ended(): Promise<boolean> {
    let known = new Set<Running>();
    for (;;) {
      const now = [...this.#running.values()];
      if (now.every((running) => known.has(running))) break;
      known = new Set(now);
      await Promise.all(now.map(({ done }) => done));
    }
    this.#stop.removeEventListener('abort', this.#flush);
    const whole = await Promise.all([...known].map(({ done }) => done));
    return whole.every((all) => all);
  }

  #start(wanted: WantedFeed, before: Running | undefined): void {
    const run = (): Promise<boolean> => this.#run(wanted, running);
    // Two feeds of one checkpoint never run at the same time.
    const done = (
      before === undefined ? Promise.resolve().then(run) : before.done.then(run, run)
    ).finally(() => {
      if (running.isGone && this.#running.get(wanted.id) === running) {
        this.#running.delete(wanted.id);
      }
    });
    // A fault is told when all end; until then the others go on.
    done.catch(() => undefined);
    const { fingerprint } = wanted;
    const running: Running = { fingerprint, open: undefined, isGone: false, end: undefined, done };
    this.#running.set(wanted.id, running);
  }

  async #run(wanted: WantedFeed, running: Running): Promise<boolean> {
    if (running.isGone) return false;
    const { feedTools, beginTools, graceMs } = this.#options;
    const life = new Life(this.#stop, this.#abandon);
    let over: AbortController | undefined;
    running.end = () => {
      const { signal } = (over = new AbortController());
      life.end(goneError());
      void feedTools.clock.sleep(graceMs, signal).then(() => {
        if (!signal.aborted) life.endNow(goneError());
      });
    };
    const open = (running.open = wanted.open());
    const begin = (signal: AbortSignal): Promise<Start> =>
      this.#begins(() => startOf(open.feed, beginTools, signal));
    try {
      return await supervise(open.feed, begin, feedTools, life);
    } finally {
      running.end = undefined;
      over?.abort();
      life.release();
      if (running.isGone) open.close();
    }
  }
}

function leave(running: Running): void {
  if (running.isGone) return;
  running.isGone = true;
  running.end?.();
}

function goneError(): Error {
  return new Error('the feed is wanted no more');
}
