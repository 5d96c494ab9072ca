import type { Clock } from '../core/clock.ts';
import { Day } from './day.ts';
import { Histories } from './history.ts';
import type { Kept, Parts } from './parts.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';

export interface MonitorOptions {
  readonly parts: () => Parts;
  /** Counts what lies in the state directory. */
  readonly kept: () => Promise<Kept>;
  readonly clock: Clock;
}

/** The running program at one moment, seen by all who show it. */
export interface Look {
  readonly parts: Parts;
  readonly kept: Kept;
  readonly snapshot: Snapshot;
}

const sampleMs = 10_000;
/** With 10,000 feeds a look takes 50 ms of CPU; who asks more often sees the same again. */
const freshMs = 1_000;

/** Watches the running program from aside, for whoever asks how it is. */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #histories = new Histories();
  readonly #day = new Day();
  #kept: Kept = { gaps: 0, deadLetters: 0 };
  #last: { readonly look: Promise<Look>; readonly atMs: number } | undefined;

  constructor(options: MonitorOptions) {
    this.#options = options;
  }

  /** Counts every ten seconds until `stop`, so that a snapshot knows rates, the last hour and day. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      this.#sample();
      await this.#options.clock.sleep(sampleMs, stop);
    }
  }

  async snapshot(): Promise<Snapshot> {
    return (await this.#look()).snapshot;
  }

  /** At most a second old: strangers may ask often. */
  recent(): Promise<Look> {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#last === undefined || nowMs - this.#last.atMs >= freshMs) {
      this.#last = { look: this.#look(), atMs: nowMs };
    }
    return this.#last.look;
  }

  async #look(): Promise<Look> {
    // What cannot be read keeps its last count; whoever writes it tells.
    const kept = (this.#kept = await this.#options.kept().catch(() => this.#kept));
    const parts = this.#sample();
    return { parts, kept, snapshot: snapshotOf(parts, this.#histories, kept, this.#day) };
  }

  #sample(): Parts {
    const parts = this.#options.parts();
    this.#histories.sample(parts.feeds, parts.nowMs);
    this.#day.sample(parts);
    return parts;
  }
}
