import { abortable } from '../core/abort.ts';
import { Backoff, type BackoffOptions } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { type ForwarderError, asForwarderError } from '../core/errors.ts';
import type { Account, ApiAnswer, Params } from '../core/types.ts';
import type { DuoApi, RateLimiter } from '../duo/api.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { AnswerCache, Call } from './answer-cache.ts';
import { PageSize } from './page-size.ts';
import { sleepUnless } from './feed-control.ts';

/** One beat of the poll clock: feeds that are caught up wait for it and ask with its time. */
export interface Tick {
  readonly number: number;
  /** Duo's time. */
  readonly nowMs: number;
}

export interface PageSourceOptions {
  readonly account: Account;
  readonly endpoint: Endpoint;
  readonly name: string;
  readonly api: DuoApi;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  /** The pause between two polls of one who is caught up. */
  readonly intervalMs: number;
  /** Whether several servers read this source now: then its newest answer is kept. */
  readonly shared: () => boolean;
  readonly cache: AnswerCache;
  /** Ends what is shared; a feed that leaves ends only its own wait. */
  readonly stop: AbortSignal;
}

const tolerableMs = 60_000;
const earlyMs = 1_000;

/**
 * The rows of one account × endpoint. It owns the poll clock, so that all feeds ask alike, and makes one
 * call for all that ask the same: answers are shared by request, never by cursor.
 */
export class PageSource {
  readonly #options: PageSourceOptions;
  #tick: Tick | undefined;
  #tickAtMs = 0;
  #newest: Call | undefined;
  #park: Backoff | undefined;
  /** Who parks, parks until then; infinite until the first of them says how long. */
  #parkedUntilMs = 0;
  /** Duo refuses, whatever is asked (or only this `key`): while it is parked nobody asks, then one for all. */
  #refusal: { readonly error: ForwarderError; readonly key: string | undefined } | undefined;
  #test: Promise<ApiAnswer> | undefined;
  #intervalMs: number;
  #maxcount: number | undefined;
  readonly #size: PageSize;
  readonly #sleepers = new Set<() => void>();

  constructor(options: PageSourceOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs;
    this.#size = new PageSize(options.endpoint.pageLimit);
  }

  /**
   * Another source of the same log, for who reads its past: the same leave from Duo, after all others, but its own
   * refusals and kept answers. `shared`: whether several servers read it.
   */
  behind(shared: () => boolean): PageSource {
    const { limiter, name } = this.#options;
    return new PageSource({
      ...this.#options,
      name: `${name} behind`,
      shared,
      limiter: {
        acquire: (signal) => limiter.acquireBehind(signal),
        acquireBehind: (signal) => limiter.acquireBehind(signal),
        rejected: (retryAfterMs) => limiter.rejected(retryAfterMs),
        granted: () => limiter.granted(),
        blockedMs: () => limiter.blockedMs(),
      },
    });
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** Another pause between polls than the config's, until the program ends; undefined: the config's. */
  setInterval(ms: number | undefined): void {
    this.#intervalMs = ms ?? this.#options.intervalMs;
    this.#wake();
  }

  /** At most so many rows a page, where the log can be asked for less; undefined: as many as Duo gives. */
  setMaxcount(rows: number | undefined): void {
    this.#maxcount = rows;
  }

  /** The next tick is now, and who was refused may try again. */
  pollNow(): void {
    this.#tickAtMs = Number.NEGATIVE_INFINITY;
    this.#parkedUntilMs = 0;
    this.#wake();
  }

  /** The parameters as they are sent. */
  asked(params: Params): Params {
    const { limit } = params;
    if (limit === undefined) return params;
    const most = Math.min(this.#maxcount ?? Infinity, this.#size.rows, Number(limit));
    return { ...params, limit: String(most) };
  }

  /** Duo's time now. */
  nowMs(): number {
    return this.#options.api.nowMs();
  }

  /** The first tick after number `after`; it may have begun already, less than an interval ago. Rejects when aborted. */
  async tick(after: number, signal: AbortSignal): Promise<Tick> {
    const { clock } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const dueInMs = this.#tickAtMs + this.#intervalMs - clock.monotonicMs();
      if (this.#tick === undefined || dueInMs <= 0 || this.isAhead(this.#tick.nowMs)) {
        this.#tick = { number: (this.#tick?.number ?? -1) + 1, nowMs: this.nowMs() };
        this.#tickAtMs = clock.monotonicMs();
      }
      if (this.#tick.number > after) return this.#tick;
      const waitMs = this.#tickAtMs + this.#intervalMs - clock.monotonicMs();
      await sleepUnless(this.#sleepers, waitMs, clock, signal);
    }
  }

  /** How long until whoever has had this beat gets the next one. */
  nextTickMs(): number {
    const { clock, intervalMs } = this.#options;
    return Math.max(0, this.#tickAtMs + intervalMs - clock.monotonicMs());
  }

  /** Whether this was never Duo's time: a wrong clock said so before an answer of Duo set it right. */
  isAhead(nowMs: number): boolean {
    return nowMs > this.nowMs() + tolerableMs;
  }

  /** Waits for leave to make this call, or joins one that is under way. */
  async prepare(params: Params, tick: number, signal: AbortSignal): Promise<Call> {
    const { cache, limiter, stop, account, endpoint } = this.#options;
    // A request without an end never grows old by itself; one with an end names its tick by it.
    const beat = endpoint.hasEnd ? [] : [tick];
    const key = JSON.stringify([account.id ?? '', this.#options.name, params, ...beat]);
    let call = cache.get(key);
    // A last page is old news for whoever did not wait for the same tick: more may have come since.
    if (call === undefined || (call.last && call.tick !== tick)) {
      if (call !== undefined) cache.drop(call);
      call = { key, tick, permit: limiter.acquire(stop), answer: undefined, last: false };
      const asked = call;
      // Nobody must wait for a leave that will not come.
      call.permit.catch(() => cache.drop(asked));
      cache.add(call);
    }
    await abortable(call.permit, signal);
    return call;
  }

  /** The call's answer; whoever comes first makes it. Throws what the API threw. */
  async fetch(call: Call, params: Params, signal: AbortSignal): Promise<ApiAnswer> {
    call.answer ??= this.#ask(call, params);
    return abortable(call.answer, signal);
  }

  /** How long to be parked: all feeds of the source until the same moment, so that one call tests for all. */
  parkMs(error: ForwarderError, options: BackoffOptions): number {
    const nowMs = this.#options.clock.monotonicMs();
    if (!this.#isParked() || this.#parkedUntilMs === Infinity) {
      this.#park ??= new Backoff(options);
      this.#parkedUntilMs = nowMs + this.#park.next(error.retryAfterMs);
    }
    return this.#parkedUntilMs - nowMs;
  }

  /** For so long no call of this source goes, because Duo said that there were too many. */
  blockedMs(): number {
    return this.#options.limiter.blockedMs();
  }

  /** Whoever could not use an answer asks Duo itself the next time, not what is kept. */
  forget(): void {
    if (this.#newest !== undefined) this.#options.cache.drop(this.#newest);
    this.#newest = undefined;
  }

  async #ask(call: Call, params: Params): Promise<ApiAnswer> {
    const refusal = this.#refusal;
    const concerned = refusal !== undefined && (refusal.key ?? call.key) === call.key;
    if (!concerned) return this.#send(call, params);
    if (this.#isParked()) {
      this.#options.cache.drop(call);
      throw refusal.error;
    }
    if (this.#test !== undefined) {
      await this.#test.catch(() => undefined);
      return this.#ask(call, params);
    }
    this.#test = this.#send(call, params);
    try {
      return await this.#test;
    } finally {
      this.#test = undefined;
    }
  }

  async #send(call: Call, params: Params): Promise<ApiAnswer> {
    const { api, account, endpoint, limiter, cache, shared, stop } = this.#options;
    try {
      const answer = await api.send({ account, method: 'GET', path: endpoint.path, params }, stop);
      limiter.granted();
      this.#size.came();
      this.#refusal = undefined;
      this.#parkedUntilMs = 0;
      this.#park?.reset();
      call.last = endpoint.offset(answer) === undefined && this.#isLast(answer);
      if (this.#newest !== undefined && this.#newest !== call) cache.drop(this.#newest);
      this.#newest = shared() ? call : undefined;
      if (this.#newest !== undefined) cache.keep(call, answer.size);
      else cache.drop(call);
      return answer;
    } catch (error) {
      cache.drop(call);
      const failure = asForwarderError(error);
      if (failure.code === 'duo_rate_limited') limiter.rejected(failure.retryAfterMs);
      this.#size.failed(failure.code);
      if (failure.remedy === 'park') this.#refuse(failure, call);
      throw failure;
    }
  }

  #wake(): void {
    for (const wake of [...this.#sleepers]) wake();
  }

  #refuse(error: ForwarderError, call: Call): void {
    // A bad request says nothing of what others ask.
    this.#refusal = { error, key: error.code === 'duo_bad_request' ? call.key : undefined };
    if (!this.#isParked()) this.#parkedUntilMs = Infinity;
  }

  /** Timers may fire a little early: who wakes then is not parked any more. */
  #isParked(): boolean {
    return this.#parkedUntilMs > this.#options.clock.monotonicMs() + earlyMs;
  }

  /** Without offsets, a full page is the only sign that more will come. */
  #isLast(answer: ApiAnswer): boolean {
    const { endpoint } = this.#options;
    return endpoint.hasEnd || endpoint.rows(answer).length < endpoint.pageLimit;
  }
}
