import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import { Backoff } from '../core/backoff.ts';
import { asForwarderError } from '../core/errors.ts';
import type { Account } from '../core/types.ts';
import type { Sink } from '../sinks/sink.ts';
import type { AccountSource } from './account-watch.ts';
import { type BeginTools, startOf } from './begin.ts';
import { type Feed, type FeedTools, type Start, runFeed } from './feed.ts';

const beginsAtOnce = 32;

/** The feeds of one account. */
export interface FeedSet {
  readonly feeds: readonly Feed[];
  /** Called when they have ended for good, long before the program may. */
  close(): void;
}

export interface EngineOptions {
  readonly accounts: AccountSource;
  readonly openFeeds: (account: Account) => FeedSet;
  readonly sinks: readonly Sink[];
  readonly feedTools: FeedTools;
  readonly beginTools: BeginTools;
  /** How long the feeds of an account that is gone may finish a delivery. */
  readonly graceMs: number;
}

/**
 * Runs the feeds of all accounts until `stop` (or, with `once`, until all are caught up). One feed's trouble,
 * whatever it is, stays in that feed. Resolves to whether every feed did all it had to.
 */
export async function runEngine(
  options: EngineOptions,
  stop: AbortSignal,
  abandon: AbortSignal,
): Promise<boolean> {
  const flush = (): void => options.sinks.forEach((sink) => sink.flush());
  stop.addEventListener('abort', flush, { once: true });
  const accounts = new RunningAccounts(options, stop, abandon);
  const known = await options.accounts.watch((now) => accounts.become(now), stop);
  const whole = await accounts.ended();
  stop.removeEventListener('abort', flush);
  return known && whole;
}

interface Running {
  readonly account: Account;
  /** Aborted when the account is gone, or goes on elsewhere. */
  readonly gone: AbortController;
  readonly done: Promise<boolean>;
}

class RunningAccounts {
  readonly #options: EngineOptions;
  readonly #stop: AbortSignal;
  readonly #abandon: AbortSignal;
  readonly #running = new Map<string | undefined, Running>();
  /** Thousands of feeds that all read and save their first checkpoint at once would only cost memory. */
  readonly #begins = pLimit(beginsAtOnce);

  constructor(options: EngineOptions, stop: AbortSignal, abandon: AbortSignal) {
    this.#options = options;
    this.#stop = stop;
    this.#abandon = abandon;
  }

  /** Starts, ends and restarts what differs; the others notice nothing. */
  become(accounts: readonly Account[]): void {
    const wanted = new Map(accounts.map((account) => [account.id, account]));
    for (const { account, gone } of this.#running.values()) {
      if (!isSame(account, wanted.get(account.id))) gone.abort(new Error('the account is gone'));
    }
    for (const account of wanted.values()) this.#start(account);
  }

  async ended(): Promise<boolean> {
    const done = await Promise.all([...this.#running.values()].map((running) => running.done));
    return done.every((whole) => whole);
  }

  #start(account: Account): void {
    const before = this.#running.get(account.id);
    if (before?.gone.signal.aborted === false) return;
    const gone = new AbortController();
    setMaxListeners(0, gone.signal);
    const run = (): Promise<boolean> => this.#run(account, gone.signal);
    // Two feeds of one checkpoint never run at the same time.
    const done = (before === undefined ? run() : before.done.then(run)).finally(() => {
      if (gone.signal.aborted && this.#running.get(account.id)?.gone === gone) {
        this.#running.delete(account.id);
      }
    });
    // A fault is told when all end; until then the others go on.
    done.catch(() => undefined);
    this.#running.set(account.id, { account, gone, done });
  }

  async #run(account: Account, gone: AbortSignal): Promise<boolean> {
    if (gone.aborted) return false;
    const { openFeeds, feedTools, graceMs } = this.#options;
    const [stop, abandon] = [follow(this.#stop, gone), follow(this.#abandon)];
    const over = new AbortController();
    const set = openFeeds(account);
    const late = async (): Promise<void> => {
      await feedTools.clock.sleep(graceMs, over.signal);
      if (!over.signal.aborted) abandon.abort(new Error('the account is gone'));
    };
    const leave = (): void => void late();
    gone.addEventListener('abort', leave, { once: true });
    try {
      const done = await Promise.all(
        set.feeds.map((feed) => {
          const begin = (): Promise<Start> =>
            this.#begins(() => startOf(feed, this.#options.beginTools, stop.signal));
          return supervise(feed, begin, feedTools, stop.signal, abandon.signal);
        }),
      );
      return done.every((whole) => whole);
    } finally {
      gone.removeEventListener('abort', leave);
      over.abort();
      stop.release();
      abandon.release();
      if (gone.aborted) set.close();
    }
  }
}

function isSame(account: Account, other: Account | undefined): boolean {
  return account.name === other?.name && account.apiHost === other.apiHost;
}

interface Following {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  release(): void;
}

/** A signal that follows others until it is let go; AbortSignal.any holds on for as long as they live. */
function follow(...signals: readonly AbortSignal[]): Following {
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

async function supervise(
  feed: Feed,
  begin: () => Promise<Start>,
  feedTools: FeedTools,
  stop: AbortSignal,
  abandon: AbortSignal,
): Promise<boolean> {
  const retry = new Backoff(feedTools.retry);
  const park = new Backoff(feedTools.park);
  while (!stop.aborted) {
    try {
      return await runFeed(feed, await begin(), feedTools, stop, abandon);
    } catch (error) {
      if (stop.aborted) break;
      const failure = asForwarderError(error);
      const parks = failure.remedy === 'park' || failure.remedy === 'stop';
      const waitMs = (parks ? park : retry).next(failure.retryAfterMs);
      feed.status.trouble(failure, feedTools.once ? 0 : waitMs);
      if (feedTools.once) return false;
      await feedTools.clock.sleep(waitMs, stop);
    }
  }
  return false;
}
