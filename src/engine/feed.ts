/**
 * THE loop: a page is fetched, formatted, delivered and saved before the next one is asked for.
 * No queue and no page ahead: Duo keeps 180 days, so the source is the buffer.
 */
import { Backoff } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { Cursor } from '../core/cursor.ts';
import { ForwarderError, asForwarderError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Account, ApiAnswer, DeadLetterBox, GapBox, Mark } from '../core/types.ts';
import type { CheckpointStore, FeedIdentity } from '../checkpoint/checkpoint.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { Formatter } from '../formatters/formatter.ts';
import type { Sink } from '../sinks/sink.ts';
import { Backlog } from './backlog.ts';
import { Delivery } from './delivery.ts';
import type { FeedControl } from './feed-control.ts';
import type { FeedStatus } from './feed-status.ts';
import type { PageSource, Tick } from './page-source.ts';
import { PollNews } from './poll-news.ts';
import type { Slots } from './slots.ts';
import type { Taps } from './taps.ts';
import {
  type Opened,
  type Reading,
  type WindowRules,
  abandonWindow,
  joined,
  open,
  read,
  restart,
} from './window.ts';

/** account × endpoint × server: the unit that runs, fails, recovers and is checkpointed on its own. */
export interface Feed {
  readonly id: string;
  readonly identity: FeedIdentity;
  readonly account: Account;
  readonly endpointName: string;
  readonly endpoint: Endpoint;
  readonly rules: WindowRules;
  readonly source: PageSource;
  readonly formatter: Formatter;
  readonly sink: Sink;
  readonly slots: Slots;
  readonly status: FeedStatus;
  readonly control: FeedControl;
}

export interface FeedTools {
  readonly clock: Clock;
  readonly log: Logger;
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterBox;
  readonly gaps: GapBox;
  readonly sender: string;
  /** Who looks at what goes out; left out: nobody can. */
  readonly taps?: Taps;
  /** Ends a feed when it is caught up, and gives up after a few failures (`run --once`). */
  readonly once: boolean;
  /** False: nobody looks whether a feed stands still; for a clock that runs so fast that all of them seem to. */
  readonly watchdog?: boolean;
  readonly retry: { readonly baseMs: number; readonly capMs: number };
  readonly park: { readonly baseMs: number; readonly capMs: number };
}

/** Where a feed begins. */
export interface Start {
  readonly cursor: Cursor;
  readonly mark?: Mark;
}

const triesOfOnce = 3;
const saveAtLeastEveryMs = 3_600_000;

/**
 * Runs until `stop` (ends waiting and new fetches) or, with `once`, until caught up; `abandon` ends a
 * delivery under way. Resolves to whether everything that was to be read is delivered and saved.
 */
export async function runFeed(
  feed: Feed,
  start: Start,
  tools: FeedTools,
  stop: AbortSignal,
  abandon: AbortSignal,
): Promise<boolean> {
  const run = new FeedRun(feed, start, tools, abandon);
  try {
    await feed.sink.restore(feed.id, start.mark, stop);
    return await run.until(stop);
  } finally {
    if (!wasLeft(stop)) {
      await run.finish();
      feed.status.ended();
    }
  }
}

class FeedRun {
  readonly #feed: Feed;
  readonly #tools: FeedTools;
  readonly #delivery: Delivery;
  readonly #backlog: Backlog;
  readonly #news: PollNews;
  readonly #retry: Backoff;
  /** As far as the server has confirmed. */
  #cursor: Cursor;
  /** The request under way, and what it passed over, until its page is confirmed. */
  #asking: Opened | undefined;
  #tick = -1;
  /** False while it goes on with a poll of an earlier run, which ends where "now" was then. */
  #isOwnPoll = false;
  readonly #rules: WindowRules;

  constructor(feed: Feed, start: Start, tools: FeedTools, abandon: AbortSignal) {
    this.#feed = feed;
    this.#tools = tools;
    this.#delivery = new Delivery(feed, start, tools, abandon);
    this.#backlog = new Backlog(feed.id, tools.clock, tools.log);
    this.#news = new PollNews(feed.id, tools.log);
    this.#retry = new Backoff(tools.retry);
    this.#cursor = start.cursor;
    const { taken, positionId, positionMs } = start.cursor;
    if (taken !== '' || positionId !== undefined) feed.status.takenBeforeMs = positionMs;
    this.#rules = { ...feed.rules, toTheEnd: tools.once };
  }

  async until(stop: AbortSignal): Promise<boolean> {
    while (!stop.aborted) {
      try {
        await this.#passed(stop);
        const whole = await this.#step(stop);
        if (whole !== undefined) return whole;
      } catch (error) {
        if (stop.aborted) break;
        if (!(await this.#recover(asForwarderError(error), stop))) return false;
      }
    }
    return false;
  }

  /** One page. With `once`, at the end of its poll: whether all was read. */
  async #step(stop: AbortSignal): Promise<boolean | undefined> {
    const { source, endpoint, slots, status } = this.#feed;
    const { once } = this.#tools;
    const opened = await this.#open(stop);
    if (opened === undefined) return once ? true : undefined;
    const { window } = opened.cursor;
    this.#asking = opened;
    const openedMs = Math.max(window.nowMs, source.nowMs());
    const params = source.asked(endpoint.params(window));
    status.activity.at('limit');
    const call = await source.prepare(params, this.#tick, stop);
    const work = async (): Promise<Reading | undefined> => {
      // Another server's feed had the answer, and it is kept no more: a place never waits for leave.
      if (call.dropped === true) return undefined;
      status.activity.at('duo');
      const answer = await source.fetch(call, params, stop);
      // Only answers tell Duo's time: a window that a wrong clock opened before the first one is void.
      if (source.isAhead(openedMs)) return this.#goTo(abandonWindow(this.#cursor));
      return this.#deliver(answer, opened, Number(params['limit'] ?? Infinity));
    };
    status.activity.at('place');
    const page = await slots.run(stop, work, this.#retry.attempts > 0);
    if (page === undefined) return undefined;
    this.#retry.reset();
    if (!page.more) this.#cycled();
    const news = this.#news.page(page, once);
    if (news === 'well') status.well(page.more ? 'catching up' : 'running');
    else if (news !== 'unchanged') status.trouble(news, once ? 0 : source.nextTickMs());
    if (!once || page.more) return undefined;
    return page.whole && !this.#isOwnPoll ? undefined : page.whole;
  }

  #cycled(): void {
    const { status, control } = this.#feed;
    status.cycled();
    if (status.cycles > control.mostCycles) control.pause(this.#tools.clock.nowMs());
  }

  async #open(stop: AbortSignal): Promise<Opened | undefined> {
    const { source } = this.#feed;
    const rules = this.#rules;
    const asked: Cursor = this.#asking?.cursor ?? this.#cursor;
    if (asked.window !== undefined) {
      const goesOn = open(asked, source.nowMs(), rules);
      // Asked once more, the window is clamped already, and opening it tells of no gap again.
      if (goesOn !== undefined) return { ...goesOn, ...joined(this.#asking?.gap, goesOn.gap) };
      this.#goTo(abandonWindow(this.#cursor));
    }
    const tick = await this.#nextTick(stop);
    this.#tick = tick.number;
    this.#isOwnPoll = true;
    return open(this.#cursor, tick.nowMs, rules);
  }

  async #nextTick(stop: AbortSignal): Promise<Tick> {
    const { source, status, control } = this.#feed;
    for (;;) {
      status.activity.at('next poll', source.intervalMs);
      const tick = await source.tick(this.#tick, stop);
      if (!control.isPaused) return tick;
      await this.#passed(stop);
    }
  }

  async #passed(stop: AbortSignal): Promise<void> {
    const { control, status } = this.#feed;
    if (!control.isPaused) return;
    status.activity.at('paused');
    await control.passed(stop);
  }

  #goTo(cursor: Cursor): undefined {
    this.#cursor = cursor;
    this.#asking = undefined;
  }

  async #deliver(answer: ApiAnswer, { cursor, gap }: Opened, asked: number): Promise<Reading> {
    const { endpoint, status } = this.#feed;
    const rows = endpoint.rows(answer).map((row) => ({
      row,
      id: endpoint.id(row),
      timeMs: endpoint.timeMs(row),
    }));
    const page = read(rows, endpoint.offset(answer), cursor, { ...this.#rules, asked });
    const gaps = gap === undefined ? page.gaps : [gap, ...page.gaps];
    status.received += page.events.length;
    await this.#delivery.tellGaps(gaps);
    const lines = await this.#delivery.send(page.events);
    // Before it is saved: where a save fails until the end, the last one must not keep the old place with the new mark.
    this.#goTo(page.next);
    const quietMs = page.next.readToMs - this.#delivery.saved.readToMs;
    if (page.events.length > 0 || gaps.length > 0 || quietMs >= saveAtLeastEveryMs) {
      await this.#delivery.save(page.next);
    }
    const last = page.events[page.events.length - 1];
    status.confirmed(lines, last?.timeMs, page.late);
    status.confirmedToMs = Math.max(page.next.positionMs, page.next.readToMs);
    this.#news.late(page, this.#rules);
    this.#backlog.page({
      rows: rows.length,
      total: endpoint.total(answer),
      window: cursor.window,
      positionMs: page.next.positionMs,
      more: page.more,
    });
    return page;
  }

  /** False when `once` gives up. */
  async #recover(error: ForwarderError, stop: AbortSignal): Promise<boolean> {
    if (error.code === 'duo_rate_limited') return this.#wait(error);
    // What is kept may be the cause: the next try must ask Duo.
    this.#feed.source.forget();
    let parks = error.remedy === 'park' || error.remedy === 'stop';
    if (error.code === 'duo_bad_request') {
      const again = restart(this.#cursor);
      // A poll of its own does without this offset; it waits for the next beat anyway.
      if (this.#cursor.window?.offset !== undefined) parks = false;
      this.#goTo(again ?? abandonWindow(this.#cursor));
      if (again !== undefined) return true;
    }
    if (this.#tools.once && (parks || this.#retry.attempts + 1 >= triesOfOnce)) {
      this.#feed.status.trouble(error, 0);
      return false;
    }
    const waitMs = parks
      ? this.#feed.source.parkMs(error, this.#tools.park)
      : this.#retry.next(error.retryAfterMs);
    const { status, control } = this.#feed;
    status.trouble(error, waitMs);
    status.activity.at('next try', waitMs);
    await control.sleep(waitMs, this.#tools.clock, stop);
    return true;
  }

  /** The limiter waits by itself, and being told to wait is no failure; that it does not end is told. */
  #wait(error: ForwarderError): boolean {
    if (!this.#news.throttled()) return true;
    const { status, source } = this.#feed;
    status.trouble(error, this.#tools.once ? 0 : source.blockedMs());
    return !this.#tools.once;
  }

  /** At the end what was read in vain is kept too, so that a restart need not read it again. */
  async finish(): Promise<void> {
    if (this.#cursor === this.#delivery.saved) return;
    await this.#delivery.save(this.#cursor).catch((error: unknown) => {
      this.#feed.status.trouble(asForwarderError(error), 0);
    });
  }
}

/** Another run has taken over from one that stood still. */
function wasLeft(stop: AbortSignal): boolean {
  return stop.reason instanceof ForwarderError && stop.reason.code === 'feed_stalled';
}
