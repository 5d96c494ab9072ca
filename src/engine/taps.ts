import type { Clock } from '../core/clock.ts';
import { ForwarderError } from '../core/errors.ts';
import { isoTime } from '../core/iso-time.ts';
import type { Selection } from '../core/requests.ts';
import type { JsonObject, Line } from '../core/types.ts';
import type { Feed } from './feed.ts';
import { isMeant } from './select.ts';

/** So many at a time, so that callers of the control socket who look on leave room for others. */
const mostTaps = 4;
/** What waits for a slow reader; what comes then is left out. */
const mostWaiting = 1_000;
const mostBytes = 1_000_000;

/** Who looks at what goes out. While nobody does, it costs one look at `isOpen` for each page. */
export class Taps {
  readonly #clock: Clock;
  readonly #open = new Set<Tap>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Of feeds with these names, also of those that begin later. Throws `busy`. */
  open(names: Selection, perSecond: number): Tap {
    if (this.#open.size >= mostTaps) {
      throw new ForwarderError('busy', `${mostTaps} others look at lines already`, {
        hint: 'Try again when one of them has ended.',
      });
    }
    const tap = new Tap(names, perSecond, this.#clock, () => this.#open.delete(tap));
    this.#open.add(tap);
    return tap;
  }

  /** The server has confirmed these lines. Waits for nobody. */
  went(feed: Feed, lines: readonly Line[]): void {
    for (const tap of this.#open) tap.see(feed, lines);
  }
}

/** A sample of lines for one reader: as many a second as he wants, and never more than he takes. */
export class Tap {
  readonly #names: Selection;
  readonly #perSecond: number;
  readonly #clock: Clock;
  readonly close: () => void;
  #waiting: JsonObject[] = [];
  #bytes = 0;
  #overLimit = 0;
  #notTaken = 0;
  /** How many may still be shown now; grows with time up to those of a second. */
  #allowed: number;
  #atMs: number;

  constructor(names: Selection, perSecond: number, clock: Clock, close: () => void) {
    this.#names = names;
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.close = close;
    this.#allowed = perSecond;
    this.#atMs = clock.monotonicMs();
  }

  /** Lines are copied: what is shown must not hold on to the memory of a whole page. */
  see(feed: Feed, lines: readonly Line[]): void {
    if (!isMeant(feed, this.#names)) return;
    this.#passTime();
    const many = Math.min(lines.length, Math.floor(this.#allowed));
    this.#overLimit += lines.length - many;
    for (let i = 0; i < many; i += 1) {
      const line = lines[i];
      if (line === undefined) break;
      const isFull = this.#waiting.length >= mostWaiting;
      if (isFull || this.#bytes + line.bytes.length > mostBytes) {
        this.#notTaken += 1;
        continue;
      }
      this.#allowed -= 1;
      this.#bytes += line.bytes.length;
      this.#waiting.push(shown(feed, line));
    }
  }

  /** What came since the last time; undefined: nothing. */
  drain(): JsonObject | undefined {
    const part = {
      lines: this.#waiting,
      over_limit: this.#overLimit,
      not_taken: this.#notTaken,
    };
    if (part.lines.length + part.over_limit + part.not_taken === 0) return undefined;
    this.#waiting = [];
    this.#bytes = this.#overLimit = this.#notTaken = 0;
    return part;
  }

  #passTime(): void {
    const nowMs = this.#clock.monotonicMs();
    const more = ((nowMs - this.#atMs) * this.#perSecond) / 1000;
    this.#allowed = Math.min(this.#perSecond, this.#allowed + more);
    this.#atMs = nowMs;
  }
}

function shown(feed: Feed, { bytes, id, timeMs }: Line): JsonObject {
  const { account, endpointName, identity } = feed;
  return {
    feed: feed.id,
    account: account.name,
    account_id: account.id ?? null,
    endpoint: endpointName,
    server: identity.server.id,
    event_id: id,
    event_time: isoTime(timeMs),
    line: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'),
  };
}
