import type { Clock } from '../core/clock.ts';
import { Histories } from './history.ts';
import type { Kept, Parts } from './parts.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';

export interface MonitorOptions {
  readonly parts: () => Parts;
  /** Counts what lies in the state directory. */
  readonly kept: () => Promise<Kept>;
  readonly clock: Clock;
}

const sampleMs = 10_000;

/** Watches the running program from aside, for whoever asks how it is. */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #histories = new Histories();
  #kept: Kept = { gaps: 0, deadLetters: 0 };

  constructor(options: MonitorOptions) {
    this.#options = options;
  }

  /** Looks every ten seconds until `stop`. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.look();
      await this.#options.clock.sleep(sampleMs, stop);
    }
  }

  /** A look between: what lies in files is counted then, and not for every snapshot. */
  async look(): Promise<void> {
    this.#sample();
    // What cannot be read keeps its last count; whoever writes it tells.
    this.#kept = await this.#options.kept().catch(() => this.#kept);
  }

  snapshot(): Snapshot {
    return snapshotOf(this.#sample(), this.#histories, this.#kept);
  }

  #sample(): Parts {
    const parts = this.#options.parts();
    this.#histories.sample(parts.feeds, parts.nowMs);
    return parts;
  }
}
