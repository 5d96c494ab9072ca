/** The loop of a backfill: as a feed's, but over a range that has an end. */
import type { Checkpoint, CheckpointStore } from '../checkpoint/checkpoint.ts';
import { Backoff } from '../core/backoff.ts';
import type { Cursor } from '../core/cursor.ts';
import { ForwarderError, asForwarderError } from '../core/errors.ts';
import { isObject } from '../core/row.ts';
import type { ApiAnswer, JsonObject } from '../core/types.ts';
import { Delivery } from '../engine/delivery.ts';
import type { Feed, FeedTools, Start } from '../engine/feed.ts';
import { PollNews } from '../engine/poll-news.ts';
import { type Opened, read, restart } from '../engine/window.ts';
import type { Sink } from '../sinks/sink.ts';
import {
  afterPage,
  beginRange,
  endOf,
  inRange,
  openRange,
  type Range,
  rangeRules,
  readToEnd,
  withoutOffset,
} from './range.ts';
import type { Track } from './track.ts';

export interface RangeTools {
  /** Its checkpoints are the backfill's own. */
  readonly feedTools: FeedTools;
  /** Those of the live feeds, which are only read. */
  readonly live: CheckpointStore;
  /** Whether the live feeds run beside it. */
  readonly isLive: boolean;
  readonly untilMs: number;
  /** Names this backfill in an archive. */
  readonly key: string;
  readonly dryRun: boolean;
  /** Duo told to wait. */
  limited(): void;
}

/** What became of it for now; `waits`: something is in its way. */
export type Outcome =
  | { readonly kind: 'done' | 'stopped' | 'failed' }
  | { readonly kind: 'waits'; readonly ms: number };

const notBegunMs = 1_000;
const stopped: Outcome = { kind: 'stopped' };

export class RangeRun {
  readonly #feed: Feed;
  readonly #track: Track;
  readonly #tools: RangeTools;
  readonly #delivery: (start: Start) => Delivery;
  readonly #retry: Backoff;
  readonly #news: PollNews;
  #going: { cursor: Cursor; readonly range: Range; readonly delivery: Delivery } | undefined;

  constructor(feed: Feed, track: Track, tools: RangeTools, abandon: AbortSignal) {
    const { feedTools, key } = tools;
    this.#track = track;
    this.#tools = tools;
    this.#feed = {
      ...feed,
      rules: rangeRules(feed.rules),
      sink: besideSink(feed.sink, track, key),
    };
    this.#delivery = (start) => new Delivery(this.#feed, start, feedTools, abandon);
    this.#retry = new Backoff(feedTools.retry);
    this.#news = new PollNews(feed.status.feedId, feedTools.log);
  }

  /** Reads until the end of the range, `stop`, or trouble; may be called again. Never rejects. */
  async go(stop: AbortSignal): Promise<Outcome> {
    const track = this.#track;
    track.state = 'reading';
    try {
      while (!stop.aborted) {
        if (this.#going === undefined && !(await this.#begin(stop)))
          return { kind: 'waits', ms: notBegunMs };
        if (!(await this.#page(stop))) {
          track.state = 'done';
          return { kind: 'done' };
        }
      }
      return stopped;
    } catch (error) {
      return stop.aborted ? stopped : this.#recover(asForwarderError(error));
    }
  }

  /** False when the live feed, whose place has to be known, has not begun yet. */
  async #begin(stop: AbortSignal): Promise<boolean> {
    const { feedTools, live, isLive, untilMs, dryRun } = this.#tools;
    const { identity, sink, id, source } = this.#feed;
    const track = this.#track;
    const own = usable(await feedTools.checkpoints.load(identity), track);
    const theirs = await live.load(identity);
    if (theirs === undefined && isLive) return false;
    // The live feed itself does this when it runs.
    if (!isLive && !dryRun) await sink.restore(id, theirs?.mark, stop);
    track.neverRan = theirs === undefined;
    const mark = markIn(own);
    const toMs = numberIn(mark, 'toMs') ?? endOf(untilMs, theirs?.cursor);
    const range = { fromMs: track.fromMs, toMs };
    track.toMs = toMs;
    track.tooYoung = toMs <= track.fromMs && (theirs?.cursor.positionMs ?? 0) > track.fromMs;
    track.sent = numberIn(mark, 'sent') ?? 0;
    const cursor = own?.cursor ?? beginRange(range, source.nowMs(), dryRun);
    track.atMs = cursor.positionMs;
    const delivery = this.#delivery({ cursor, mark: markOf(track) });
    if (own === undefined) await delivery.save(cursor);
    this.#going = { cursor, range, delivery };
    return true;
  }

  /** False when the range is read. */
  async #page(stop: AbortSignal): Promise<boolean> {
    const { source, endpoint, slots, status, rules } = this.#feed;
    const going = this.#going;
    if (going === undefined) return false;
    const opened = openRange(going.cursor, going.range, source.nowMs(), rules);
    if (opened === undefined) return this.#end();
    const params = source.asked(endpoint.params(opened.cursor.window));
    status.activity.at('limit');
    const call = await source.prepare(params, 0, stop);
    const work = async (): Promise<void> => {
      if (call.dropped === true) return;
      status.activity.at('duo');
      const answer = await source.fetch(call, params, stop);
      await this.#take(answer, opened, Number(params['limit'] ?? Infinity));
    };
    status.activity.at('place');
    await (this.#tools.dryRun ? work() : slots.run(stop, work, this.#retry.attempts > 0));
    this.#retry.reset();
    return going.cursor.window !== undefined;
  }

  async #take(answer: ApiAnswer, { cursor, gap }: Opened, asked: number): Promise<void> {
    const { endpoint, rules, status, source } = this.#feed;
    const going = this.#going;
    if (going === undefined) return;
    const track = this.#track;
    const rows = endpoint.rows(answer).map((row) => ({
      row,
      id: endpoint.id(row),
      timeMs: endpoint.timeMs(row),
    }));
    const page = read(rows, endpoint.offset(answer), cursor, { ...rules, asked });
    const events = inRange(page.events, going.range);
    let next = afterPage(page, going.range, source.nowMs(), rules);
    track.total ??= endpoint.total(answer);
    if (this.#tools.dryRun) {
      track.sent += events.length;
      track.sentNow += events.length;
      if (next.window !== undefined && track.total !== undefined) {
        track.sent = track.sentNow = track.total;
        next = readToEnd(next);
      }
    } else {
      await going.delivery.send(events);
      if (events.length > 0 || next.window === undefined) await going.delivery.save(next);
      track.setAside = status.setAside;
    }
    track.missed = [...track.missed, ...(gap === undefined ? [] : [gap]), ...page.gaps];
    track.atMs = next.positionMs;
    going.cursor = next;
    const news = this.#news.page(page, false);
    if (news instanceof ForwarderError) throw news;
    status.well('catching up');
  }

  /** Also when nothing of it is served any more, or all of it is the live feed's. */
  async #end(): Promise<false> {
    const going = this.#going;
    if (going?.cursor.window !== undefined) await going.delivery.save(readToEnd(going.cursor));
    return false;
  }

  #recover(error: ForwarderError): Outcome {
    const { source, status } = this.#feed;
    const track = this.#track;
    if (error.code === 'duo_rate_limited') {
      this.#tools.limited();
      if (this.#news.throttled()) status.trouble(error, source.blockedMs());
      return { kind: 'waits', ms: source.blockedMs() };
    }
    source.forget();
    const going = this.#going;
    let parks = error.remedy === 'park' || error.remedy === 'stop';
    if (error.code === 'duo_bad_request' && going?.cursor.window?.offset !== undefined) {
      parks = false;
      const again = restart(going.cursor);
      going.cursor = again ?? withoutOffset(going.cursor, going.range, source.nowMs());
      if (again !== undefined) return { kind: 'waits', ms: 0 };
    }
    if (parks) {
      track.state = 'failed';
      track.failure = error;
      status.trouble(error, 0);
      return { kind: 'failed' };
    }
    const ms = this.#retry.next(error.retryAfterMs);
    status.trouble(error, ms);
    return { kind: 'waits', ms };
  }
}

/** Counts what is confirmed; its mark is what the backfill's own record keeps. */
function besideSink(sink: Sink, track: Track, key: string): Sink {
  const count = (lines: number): void => {
    track.sent += lines;
    track.sentNow += lines;
  };
  return {
    restore: (feedId, mark, signal) => sink.restore(feedId, mark, signal),
    write: async (batch, signal) => {
      try {
        await sink.write({ ...batch, beside: key }, signal);
        count(batch.lines.length);
        return markOf(track);
      } catch (error) {
        if (error instanceof ForwarderError && error.remedy === 'skip') count(error.index ?? 0);
        throw error;
      }
    },
    check: (report, signal) => sink.check(report, signal),
    flush: () => sink.flush(),
    state: () => sink.state(),
    close: async () => undefined,
  };
}

/** Of a place with nothing before it the live feed may have left the range since. */
function usable(own: Checkpoint | undefined, { fromMs }: Track): Checkpoint | undefined {
  return (numberIn(markIn(own), 'toMs') ?? Infinity) > fromMs ? own : undefined;
}

function markIn(own: Checkpoint | undefined): JsonObject {
  return isObject(own?.mark) ? own.mark : {};
}

function markOf({ toMs, sent }: Track): JsonObject {
  return { toMs: toMs ?? 0, sent };
}

function numberIn(object: JsonObject, key: string): number | undefined {
  const value = object[key];
  return typeof value === 'number' ? value : undefined;
}
