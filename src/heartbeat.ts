/** Events of the program itself, sent in an interval so that a SIEM can say that they do not come. */
import { Backoff } from './core/backoff.ts';
import { follow, type Following } from './core/abort.ts';
import type { Clock } from './core/clock.ts';
import { asForwarderError, ForwarderError } from './core/errors.ts';
import type { Logger } from './core/log.ts';
import type { Account } from './core/types.ts';
import type { ServerConfig } from './config/schema.ts';
import type { Destination } from './destinations.ts';
import { type Beat, heartbeatLine } from './heartbeat-line.ts';
import { onAbort, within } from './sinks/waiting.ts';
import type { HeartbeatPart } from './status/parts.ts';

export interface HeartbeatTools {
  readonly clock: Clock;
  readonly log: Logger;
  /** The config that holds now. */
  readonly servers: () => readonly Pick<ServerConfig, 'id' | 'heartbeat_seconds'>[];
  /** How the server is talked to now; undefined while nothing is sent there. */
  readonly destination: (server: string) => Pick<Destination, 'sink' | 'formatter'> | undefined;
  readonly health: () => Promise<Pick<Beat, 'isDegraded' | 'problems'>>;
  readonly account: () => Account;
  readonly sender: string;
  readonly version: string;
  readonly startedMs: number;
}

interface Beating {
  readonly id: string;
  readonly everySeconds: number;
  readonly life: Following;
  sent: number;
  dropped: number;
  lastSentMs: number | undefined;
  isTold: boolean;
}

/**
 * One heartbeat per interval and server. One that cannot go within its interval is dropped: nothing waits for it,
 * and it leaves no trace in checkpoints, groups or the server's trouble.
 */
export class Heartbeats {
  readonly #tools: HeartbeatTools;
  readonly #beating = new Map<string, Beating>();
  readonly #jobs = new Set<Promise<void>>();
  #stop: AbortSignal | undefined;

  constructor(tools: HeartbeatTools) {
    this.#tools = tools;
  }

  /** Until `stop`, which breaks off what is on its way. */
  async run(stop: AbortSignal): Promise<void> {
    // Its own: each server listens to it, and Node warns of more than ten at the given one.
    const life = follow(stop);
    this.#stop = life.signal;
    this.look();
    await new Promise<void>((resolve) => onAbort(life.signal, resolve));
    await Promise.all(this.#jobs);
    life.release();
  }

  /** Takes over what the config says now; an interval that has not changed goes on. */
  look(): void {
    const stop = this.#stop;
    if (stop === undefined || stop.aborted) return;
    const wanted = new Map(this.#tools.servers().map((one) => [one.id, one.heartbeat_seconds]));
    for (const { id, everySeconds, life } of this.#beating.values()) {
      if (wanted.get(id) === everySeconds) continue;
      life.abort(new Error('the config has changed'));
      this.#beating.delete(id);
    }
    for (const [id, everySeconds] of wanted) {
      if (everySeconds !== undefined && !this.#beating.has(id)) this.#begin(id, everySeconds, stop);
    }
  }

  /** How it goes with a server; undefined where there are none. */
  stateOf(server: string): HeartbeatPart | undefined {
    const beating = this.#beating.get(server);
    if (beating === undefined) return undefined;
    const { everySeconds, sent, dropped, lastSentMs } = beating;
    return { everySeconds, sent, dropped, lastSentMs };
  }

  #begin(id: string, everySeconds: number, stop: AbortSignal): void {
    const life = follow(stop);
    const state = { sent: 0, dropped: 0, lastSentMs: undefined, isTold: false };
    const beating: Beating = { id, everySeconds, life, ...state };
    this.#beating.set(id, beating);
    const job = this.#beat(beating).finally(() => {
      life.release();
      this.#jobs.delete(job);
    });
    this.#jobs.add(job);
  }

  async #beat(beating: Beating): Promise<void> {
    const { clock } = this.#tools;
    const { signal } = beating.life;
    const everyMs = beating.everySeconds * 1000;
    let dueMs = clock.monotonicMs();
    for (let number = 1; !signal.aborted; number += 1) {
      await this.#one(number, beating);
      // After a machine's sleep the intervals that were missed are not made up for.
      dueMs = Math.max(dueMs + everyMs, clock.monotonicMs());
      await clock.sleep(dueMs - clock.monotonicMs(), signal);
    }
  }

  /** One interval; never rejects. */
  async #one(number: number, beating: Beating): Promise<void> {
    const { clock, log } = this.#tools;
    const { id: server, everySeconds, life } = beating;
    let failure: ForwarderError | undefined;
    const noted = (error: ForwarderError): void => void (failure = error);
    const isSent = await within(everySeconds * 1000, tooLate, clock, life.signal, (limit) =>
      this.#send(number, beating, noted, limit),
    );
    if (life.signal.aborted) return;
    if (isSent) {
      beating.sent += 1;
      beating.lastSentMs = clock.nowMs();
      if (beating.isTold) log.info('Heartbeats go to the server again', { server });
      beating.isTold = false;
      return;
    }
    beating.dropped += 1;
    if (beating.isTold || failure === undefined) return;
    const { code, message, hint } = failure;
    beating.isTold = true;
    log.warn('No heartbeat goes to the server', { server, code, message, hint });
  }

  /** Tries until it went, or may have gone, or the interval is over. */
  async #send(
    number: number,
    beating: Beating,
    noted: (error: ForwarderError) => void,
    limit: AbortSignal,
  ): Promise<boolean> {
    const { clock } = this.#tools;
    const backoff = new Backoff({ baseMs: 1_000, capMs: 10_000 });
    let mayHaveGone = false;
    while (!limit.aborted && !mayHaveGone) {
      const { sink, formatter } = this.#tools.destination(beating.id) ?? {};
      try {
        if (sink?.beat !== undefined && formatter !== undefined) {
          const health = await this.#tools.health();
          const line = (): Uint8Array => {
            mayHaveGone = true;
            return heartbeatLine(formatter, { ...this.#facts(number, beating), ...health });
          };
          await sink.beat(line, limit);
          return true;
        }
      } catch (error) {
        noted(asForwarderError(error, 'server_failed'));
      }
      if (!mayHaveGone) await clock.sleep(backoff.next(), limit);
    }
    return false;
  }

  #facts(number: number, beating: Beating): Omit<Beat, 'isDegraded' | 'problems'> {
    const { clock, account, sender, version, startedMs } = this.#tools;
    const { id: server, everySeconds } = beating;
    const who = { server, sender, account: account(), version };
    return { nowMs: clock.nowMs(), startedMs, number, everySeconds, ...who };
  }
}

function tooLate(): ForwarderError {
  return new ForwarderError('heartbeat_late', 'a heartbeat did not go within its interval', {
    scope: 'server',
    hint: 'Look at the collector: it takes connections and does not read, or the network between here and there hangs.',
  });
}
