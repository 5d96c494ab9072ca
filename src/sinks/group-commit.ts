import { Backoff } from '../core/backoff.ts';
import { asForwarderError, type ForwarderError } from '../core/errors.ts';
import type { Batch, Mark } from '../core/types.ts';
import { type BeatLine, beatOverStream } from './beat.ts';
import { Confirmation } from './confirmation.ts';
import type { Dialer, Report } from './connection.ts';
import { Connections } from './connections.ts';
import type { Conversation, ConversationTools } from './conversation.ts';
import { closedError } from './errors.ts';
import { Gather, type Group } from './gather.ts';
import { GroupSize } from './group-size.ts';
import type { Machine } from './machine.ts';
import { Pace } from './pace.ts';
import type { Payload } from './payload.ts';
import { Refusals } from './refusals.ts';
import { Replay, type ReplayPiece } from './replay.ts';
import type { ServerOptions, Sink, SinkState, SinkTools } from './sink.ts';
import { Trouble } from './trouble.ts';
import { Vigil } from './vigil.ts';
import { onAbort } from './waiting.ts';

/** What one connection, or one turn on the long-lived one, has to deliver. */
type Job = { readonly payload: Payload } & (
  | { readonly kind: 'group'; readonly group: Group }
  | { readonly kind: 'replay'; readonly piece: ReplayPiece }
);

// Slots can be given back without a write, and nobody tells.
const lookAgainMs = 20;

/**
 * Lines of all feeds of one server, in groups: a group counts when the server has read it and has
 * closed the connection itself after we had finished. A socket's write callback proves nothing.
 */
export class GroupCommitSink implements Sink {
  readonly #server: ServerOptions;
  readonly #tools: SinkTools;
  readonly #machine: Machine;
  readonly #dialer: Dialer;
  readonly #talk: ConversationTools;
  readonly #gather = new Gather();
  readonly #size: GroupSize;
  readonly #replay: Replay;
  readonly #confirmation: Confirmation;
  readonly #trouble: Trouble;
  readonly #backoff: Backoff;
  readonly #pace: Pace | undefined;
  readonly #closing = new AbortController();
  readonly #jobs = new Set<Promise<void>>();
  readonly #refusals: Refusals;
  readonly #connections: Connections;
  readonly #vigil: Vigil;
  #runningJobs = 0;
  #isDown = false;
  #isBackingOff = false;
  #isLookingAgain = false;
  #flushed = false;
  #confirmedLines = 0;
  /** How often what was confirmed came into doubt. */
  #doubts = 0;

  constructor(server: ServerOptions, tools: SinkTools, machine: Machine, dialer: Dialer) {
    const { timing, clock, log } = tools;
    const perSecond = server.maxEventsPerSecond;
    const fullLines = Math.min(timing.groupLines, Math.ceil(perSecond ?? timing.groupLines));
    this.#server = server;
    this.#tools = tools;
    this.#machine = machine;
    this.#dialer = dialer;
    this.#talk = { ...tools, server, machine };
    this.#connections = new Connections(dialer, this.#talk, (error) => this.#idleOver(error));
    this.#vigil = new Vigil({ dialer, clock, timing, died: () => this.#diedIdle() });
    this.#refusals = new Refusals(this.#gather, clock, timing.backoffCapMs);
    const growth = perSecond === undefined ? timing.groupGrowth : 1;
    this.#size = new GroupSize(Math.max(1, fullLines), growth);
    this.#replay = new Replay(timing.replayGroups);
    this.#confirmation = new Confirmation(server, tools, machine);
    this.#trouble = new Trouble(server, clock, log);
    this.#backoff = new Backoff({ baseMs: timing.backoffBaseMs, capMs: timing.backoffCapMs });
    this.#pace = perSecond === undefined ? undefined : new Pace(perSecond, clock);
  }

  async restore(): Promise<void> {
    // What was sent over a socket can not be taken back.
  }

  async write(batch: Batch, signal: AbortSignal): Promise<Mark | undefined> {
    signal.throwIfAborted();
    if (this.#closing.signal.aborted) throw closedError(this.#server);
    if (batch.lines.length === 0) return undefined;
    const writing = this.#gather.add(batch, this.#tools.clock.monotonicMs());
    const quiet = onAbort(signal, () => {
      this.#gather.remove(writing);
      writing.done.reject(signal.reason);
      this.#pump();
    });
    try {
      this.#pump();
      await writing.done.promise;
      return undefined;
    } finally {
      quiet();
    }
  }

  async beat(line: BeatLine, signal: AbortSignal): Promise<void> {
    await beatOverStream(this.#dialer, this.#talk, this.#confirmation.level, line, signal);
  }

  async check(report: Report, signal: AbortSignal): Promise<void> {
    const connection = await this.#dialer.connect(signal, report);
    connection.socket.destroySoon();
  }

  flush(): void {
    this.#flushed = true;
    this.#pump();
  }

  state(): SinkState {
    const state = this.#trouble.state(this.#confirmation.level, this.#confirmedLines);
    const { certificateEndsMs } = this.#dialer;
    return certificateEndsMs === undefined ? state : { ...state, certificateEndsMs };
  }

  async close(): Promise<void> {
    const error = closedError(this.#server);
    this.#closing.abort(error);
    for (const writing of this.#gather.removeAll()) writing.done.reject(error);
    this.#connections.close();
    this.#vigil.end();
    await Promise.all(this.#jobs);
  }

  // Starts all that may start now; called whenever something has changed.
  #pump(): void {
    if (this.#closing.signal.aborted || this.#isBackingOff) return;
    const most = this.#isDown || this.#replay.isPending ? 1 : this.#confirmation.connections;
    let isNoneDue = false;
    for (let running = this.#runningJobs; running < most; running += 1) {
      const job = this.#nextJob();
      isNoneDue = job === undefined;
      if (job === undefined) break;
      this.#runningJobs += 1;
      this.#vigil.end();
      this.#inBackground(this.#run(job));
    }
    this.#lookAgain(isNoneDue);
  }

  #nextJob(): Job | undefined {
    const piece = this.#replay.next(this.#size.lines);
    if (piece !== undefined) return { kind: 'replay', piece, ...piece };
    return this.#isDue() ? this.#cut(this.#size.lines) : undefined;
  }

  #isDue(): boolean {
    const { timing, clock, slotsTaken } = this.#tools;
    const nowMs = clock.monotonicMs();
    const { lines, bytes, oldestMs, due } = this.#gather.waiting(nowMs);
    if (lines === 0) return false;
    if (due || this.#flushed || this.#gather.size >= slotsTaken()) return true;
    if (lines >= this.#size.lines || bytes >= this.#mostBytes) return true;
    return nowMs - oldestMs >= timing.gatherMs;
  }

  get #mostBytes(): number {
    return this.#tools.timing.groupBytes * this.#size.growth;
  }

  /** `isNoneDue`, as it was found: to ask the clock once more would miss what has become due since. */
  #lookAgain(isNoneDue: boolean): void {
    const { lines, heldBack } = this.#gather.waiting(this.#tools.clock.monotonicMs());
    if (this.#isLookingAgain || !(heldBack || (lines > 0 && isNoneDue))) return;
    this.#isLookingAgain = true;
    const look = async (): Promise<void> => {
      const ms = Math.min(lookAgainMs, this.#tools.timing.gatherMs);
      await this.#tools.clock.sleep(ms, this.#closing.signal);
      this.#isLookingAgain = false;
      this.#pump();
    };
    this.#inBackground(look());
  }

  async #run(planned: Job): Promise<void> {
    const isTrial = this.#confirmation.trialDue;
    const goal = isTrial ? 'drained' : this.#confirmation.level;
    let job: Job | undefined = planned;
    let conversation: Conversation | undefined;
    let doubts = this.#doubts;
    try {
      await this.#pace?.take(planned.payload.lines.length, this.#closing.signal);
      doubts = this.#doubts;
      conversation = await this.#connections.open(goal, this.#closing.signal);
      job = this.#cutAgain(planned);
      if (job === undefined) return goal === 'drained' ? conversation.close() : undefined;
      const startMs = this.#tools.clock.monotonicMs();
      await conversation.send(job.payload, goal);
      if (goal === 'drained') this.#confirmation.closed();
      this.#succeeded(job, this.#tools.clock.monotonicMs() - startMs, doubts);
    } catch (caught) {
      const error = asForwarderError(caught, 'server_failed');
      if (isTrial && job !== undefined && error.code === 'server_not_closing') {
        this.#confirmation.unclosed();
        conversation?.close();
        this.#succeeded(job, Number.POSITIVE_INFINITY, doubts);
      } else {
        conversation?.abandon();
        this.#failed(job ?? planned, error, conversation !== undefined);
      }
    } finally {
      if (conversation !== undefined) this.#connections.done(conversation);
      this.#runningJobs -= 1;
      this.#pump();
      this.#keepVigil();
    }
  }

  // A lasting connection tells by itself when the server dies.
  #keepVigil(): void {
    const isOver = this.#runningJobs > 0 || this.#isDown || this.#closing.signal.aborted;
    if (isOver || this.#confirmation.level !== 'drained') return;
    this.#inBackground(this.#vigil.begin());
  }

  // While the connection was opened, feeds may have left and lines may have come.
  #cutAgain(job: Job): Job | undefined {
    if (job.kind === 'replay') return job;
    this.#gather.giveBack(job.group);
    return this.#cut(this.#pace === undefined ? this.#size.lines : job.payload.lines.length);
  }

  #cut(maxLines: number): Job | undefined {
    const nowMs = this.#tools.clock.monotonicMs();
    const group = this.#gather.cut(maxLines, this.#mostBytes, nowMs);
    if (group === undefined) return undefined;
    return { kind: 'group', group, payload: group.payload };
  }

  // A long-lived connection that breaks while nothing is under way: what was confirmed is in doubt.
  #idleOver(error: ForwarderError): void {
    if (this.#runningJobs === 0 && error.code !== 'server_closed_early') this.#diedIdle();
  }

  #diedIdle(): void {
    this.#doubt();
    this.#pump();
  }

  #doubt(): void {
    this.#doubts += 1;
    this.#replay.failed();
  }

  #succeeded(job: Job, tookMs: number, doubts: number): void {
    this.#isDown = false;
    this.#backoff.reset();
    this.#trouble.ends();
    this.#dialer.proven();
    const lines = job.payload.lines.length;
    const used = Math.max(lines / this.#size.lines, job.payload.length / this.#mostBytes);
    this.#size.succeeded(lines, used, tookMs <= this.#tools.timing.quickMs);
    this.#refusals.confirmed();
    if (job.kind === 'replay') return this.#replay.sent(job.piece);
    this.#confirmedLines += lines;
    this.#replay.confirmed(job.group, doubts !== this.#doubts);
    this.#gather.confirm(job.group);
  }

  #failed(job: Job, error: ForwarderError, wasConnected: boolean): void {
    if (job.kind === 'group') this.#gather.giveBack(job.group);
    if (this.#closing.signal.aborted) return;
    this.#isDown = true;
    this.#trouble.begins(error);
    const isUnclosed = error.code === 'server_not_closing';
    if (isUnclosed) this.#confirmation.unclosed();
    else this.#confirmation.failed();
    // A kernel that has taken all and sends no end has a living process, so nothing it confirmed is in doubt.
    if (!isUnclosed || !this.#machine.seesTxQueue) this.#doubt();
    if (wasConnected) this.#size.failed(job.payload.lines.length);
    const refused = wasConnected && job.kind === 'group' ? job.group : undefined;
    this.#refusals.failed(refused, error);
    this.#inBackground(this.#backOff(error.retryAfterMs));
  }

  async #backOff(retryAfterMs = 0): Promise<void> {
    if (this.#isBackingOff) return;
    this.#isBackingOff = true;
    const waitMs = this.#backoff.next(retryAfterMs);
    this.#trouble.waits(waitMs);
    await this.#tools.clock.sleep(waitMs, this.#closing.signal);
    this.#isBackingOff = false;
    this.#pump();
  }

  #inBackground(work: Promise<void>): void {
    const job = work.finally(() => this.#jobs.delete(job));
    this.#jobs.add(job);
  }
}
