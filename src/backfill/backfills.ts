import type { CheckpointStore } from '../checkpoint/checkpoint.ts';
import { openMemoryStore } from '../checkpoint/memory-store.ts';
import type { Clock } from '../core/clock.ts';
import { ForwarderError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { BackfillRequest } from '../core/requests.ts';
import type { OpenFeed } from '../engine/engine.ts';
import type { FeedTools } from '../engine/feed.ts';
import { oldestMs } from '../engine/window.ts';
import { Job } from './job.ts';
import { type BackfillProgress, progressOf } from './progress.ts';
import { type BackfillRecord, BackfillRecords } from './records.ts';
import { type Named, selected } from './request.ts';
import { newTrack } from './track.ts';

/** A feed of the config. */
export interface BackfillFeed extends Named {
  readonly id: string;
  open(): OpenFeed;
}

/** What a backfill needs of the program around it. */
export interface BackfillHost {
  readonly clock: Clock;
  readonly log: Logger;
  readonly stateDirectory: string | undefined;
  /** As the live feeds have them; their checkpoints are only read. */
  readonly feedTools: FeedTools;
  serverIds(): readonly string[];
  /** Whether the live feeds run. */
  isLive(): boolean;
  /** Duo's time. */
  nowMs(): number;
  /** Throws when it is not known yet which feeds there are. */
  feeds(): Promise<readonly BackfillFeed[]>;
  /** As the config says now; undefined when it has it no more. */
  feed(id: string): BackfillFeed | undefined;
}

/** A backfill that was asked for. */
export interface Running {
  readonly progress: () => BackfillProgress;
  readonly ended: Promise<void>;
}

interface Current {
  readonly job: Job;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  readonly dryRun: boolean;
}

/** The backfills of a program: one at a time. */
export class Backfills {
  readonly #host: BackfillHost;
  #current: Current | undefined;
  #isStarting = false;
  #isOver = false;

  constructor(host: BackfillHost) {
    this.#host = host;
  }

  /** Begins, goes on, or joins the one that runs. Throws `busy`, `no_such_feed`, `backfill_…`. */
  async start(request: BackfillRequest): Promise<Running> {
    const current = this.#current;
    if (current?.job.key === request.key && current.dryRun === request.dryRun) {
      return { progress: () => current.job.progress(), ended: current.ended };
    }
    if (current !== undefined || this.#isStarting || this.#isOver) throw busy();
    this.#isStarting = true;
    try {
      return await this.#begin(request);
    } finally {
      this.#isStarting = false;
    }
  }

  /** How the one that runs is getting on. */
  get progress(): BackfillProgress | undefined {
    return this.#current?.job.progress();
  }

  /** Stops the one that runs, its place kept. False when there is none of this key. */
  stop(key: string): boolean {
    if (this.#current?.job.key !== key) return false;
    this.#current.stop.abort(new Error('told to stop'));
    return true;
  }

  /** Lets what runs rest at the end of its pages while feeds come to be opened in another way. */
  async whileHeld(change: () => void): Promise<void> {
    const goOn = await this.#current?.job.hold();
    try {
      change();
    } finally {
      goOn?.();
    }
  }

  /** Stops what runs and resolves when it has let go of everything; nothing begins any more. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.#current?.stop.abort(new Error('the program ends'));
    await this.#current?.ended;
  }

  async #begin(request: BackfillRequest): Promise<Running> {
    const { clock, log, feedTools, stateDirectory } = this.#host;
    const { key, dryRun } = request;
    const feeds = selected(await this.#host.feeds(), request);
    const records = this.#records(stateDirectory);
    const record = await this.#record(request, records);
    if (record.doneMs !== undefined) return alreadyDone(record, clock);
    const places: CheckpointStore =
      dryRun || records === undefined ? openMemoryStore() : await records.places(key);
    const tracks = feeds.map((feed) => newTrack(feed, feed.id, record.sinceMs));
    const job = new Job({
      ...{ record, dryRun, tracks, clock },
      open: ({ id }) => this.#host.feed(id)?.open(),
      tools: {
        feedTools: { ...feedTools, checkpoints: places },
        live: feedTools.checkpoints,
        isLive: this.#host.isLive(),
      },
      finish: async (sent) => {
        if (!dryRun) await records?.finish(record, sent);
      },
    });
    const stop = new AbortController();
    const fields = { from: iso(record.sinceMs), to: iso(record.untilMs), feeds: feeds.length };
    log.info('A backfill begins or goes on', { ...fields, dry_run: dryRun });
    const ended = job.run(stop.signal).then(() => {
      this.#current = undefined;
      const { sent } = job.progress();
      log.info('The backfill has ended', { ...fields, state: job.state, sent });
    });
    this.#current = { job, stop, ended, dryRun };
    return { progress: () => job.progress(), ended };
  }

  #records(stateDirectory: string | undefined): BackfillRecords | undefined {
    if (stateDirectory === undefined) return undefined;
    const { clock, log } = this.#host;
    const serverIds = this.#host.serverIds();
    return new BackfillRecords({ stateDirectory, serverIds, clock, log });
  }

  /** What was asked for before, else a new one, clamped to what Duo still serves. */
  async #record(
    { key, sinceMs, untilMs, dryRun, restart }: BackfillRequest,
    records: BackfillRecords | undefined,
  ): Promise<BackfillRecord> {
    const nowMs = Math.floor(this.#host.nowMs());
    const oldest = oldestMs(nowMs);
    const known = dryRun || restart ? undefined : await records?.find(key);
    if (known !== undefined) return known;
    const range = {
      sinceMs: Math.max(sinceMs, oldest),
      untilMs: Math.min(untilMs ?? nowMs, nowMs),
    };
    if (range.untilMs <= range.sinceMs) throw nothingThere();
    if (records === undefined || dryRun) return { key, nonce: '', beganMs: nowMs, ...range };
    return records.begin(key, range.sinceMs, range.untilMs);
  }
}

function alreadyDone(record: BackfillRecord, clock: Clock): Running {
  const { key, sinceMs, untilMs, doneMs = 0, sent = 0 } = record;
  const progress = progressOf({
    ...{ key, sinceMs, untilMs, doneMs, state: 'done', dryRun: false },
    ...{ elapsedMs: 0, nowMs: clock.nowMs(), limited: 0, tracks: [] },
  });
  return { progress: () => ({ ...progress, sent }), ended: Promise.resolve() };
}

function busy(): ForwarderError {
  return new ForwarderError('busy', 'another backfill runs already', {
    remedy: 'stop',
    hint: 'Wait until it has ended, or stop it by Ctrl-C where it is shown: its place is kept.',
  });
}

function nothingThere(): ForwarderError {
  return new ForwarderError('backfill_nothing', 'Duo keeps nothing of that time any more', {
    remedy: 'stop',
    hint: 'Duo keeps 180 days.',
  });
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
