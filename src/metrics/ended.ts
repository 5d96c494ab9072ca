import type { Labels, Sample } from './metric.ts';

interface Seen {
  readonly value: number;
  /** Spelled, because the next scrape has other objects for the same labels. */
  readonly labels: string;
}

/**
 * What feeds have counted that ended or were made anew. Prometheus takes a counter that gets smaller for a restart and
 * adds all of it again, so a sum of many feeds must not get smaller when one of them is gone.
 */
export class Ended {
  #seen = new Map<string, ReadonlyMap<string, Seen>>();
  readonly #counts = new Map<string, number>();

  /** What is to be added to these values of a counter, the labels spelled by their very objects. */
  of(name: string, samples: readonly Sample[]): Sample[] {
    const spelled = new Map<Labels, string>();
    const now = new Map<string, Seen>();
    for (const { feed, labels, value } of samples) {
      if (feed === undefined) continue;
      const text = spelled.get(labels) ?? JSON.stringify([name, labels]);
      spelled.set(labels, text);
      now.set(feed, { value, labels: text });
    }
    for (const [feed, before] of this.#seen.get(name) ?? []) {
      if ((now.get(feed)?.value ?? -1) < before.value)
        this.#counts.set(before.labels, before.value + (this.#counts.get(before.labels) ?? 0));
    }
    this.#seen.set(name, now);
    return [...spelled].flatMap(([labels, text]) => {
      const value = this.#counts.get(text);
      return value === undefined ? [] : [{ labels, value }];
    });
  }
}
