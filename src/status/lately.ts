import type { Clock } from '../core/clock.ts';
import type { Fields, Logger } from '../core/log.ts';
import type { HappenedPart } from './parts.ts';

const most = 50;
/** The same of many feeds within this time is one thing that happened. */
const togetherMs = 60_000;

/** Besides warnings and errors: what begins, what is well again, what changed. Log lines of this very wording. */
export const notable: ReadonlySet<string> = new Set([
  'duologsync starts',
  'The config was read anew',
  'server is back',
  'server still in trouble, now for another reason',
  'The feed is well again',
  'The feed has caught up',
  'A log that was silent has events again',
  'Heartbeats go to the server again',
  'A backfill begins or goes on',
  'The backfill has ended',
  'There is room for dead letters again',
  'This machine’s clock agrees with Duo’s again.',
  'What was learned at run time is saved again',
  'The child accounts are listed again',
  'Child accounts are new',
  'Child accounts are gone, their feeds end',
  'Child accounts are missing from the list; if the next one lacks them too, their feeds end',
  'Child accounts that were missing are back',
  'Child accounts have another name or API host, their feeds follow',
]);

/** Remembers what the program's log said lately and a person would want to know; the log itself gets every line. */
export class Lately {
  readonly log: Logger;
  readonly #clock: Clock;
  readonly #redact: (text: string) => string;
  readonly #entries: HappenedPart[] = [];

  /** `redact` takes known secrets out of a text. */
  constructor(log: Logger, redact: (text: string) => string, clock: Clock) {
    this.#clock = clock;
    this.#redact = redact;
    this.log = {
      debug: (sentence, fields) => log.debug(sentence, fields),
      info: (sentence, fields) => {
        log.info(sentence, fields);
        if (notable.has(sentence)) this.#add('info', sentence, fields);
      },
      warn: (sentence, fields) => {
        log.warn(sentence, fields);
        this.#add('warning', sentence, fields);
      },
      error: (sentence, fields) => {
        log.error(sentence, fields);
        this.#add('error', sentence, fields);
      },
    };
  }

  /** The newest first. */
  get entries(): readonly HappenedPart[] {
    return this.#entries;
  }

  #add(level: HappenedPart['level'], sentence: string, fields: Fields = {}): void {
    const text = (name: string): string | undefined => {
      const value = fields[name];
      return typeof value === 'string' ? this.#redact(value) : undefined;
    };
    const atMs = this.#clock.nowMs();
    const [code, server] = [text('code'), text('server')];
    // Of a log of all accounts there is only its name.
    const feed = text('feed') ?? text('endpoint');
    const entry = { atMs, level, sentence: this.#redact(sentence), code, feed, server, times: 1 };
    const before = this.#entries.findIndex(
      (one, at) =>
        // A server that comes and goes is told each time.
        (feed !== undefined || at === 0) &&
        Math.abs(atMs - one.atMs) <= togetherMs &&
        one.sentence === entry.sentence &&
        one.code === code &&
        one.server === server,
    );
    const same = this.#entries[before];
    if (same === undefined) this.#entries.unshift(entry);
    else this.#entries[before] = both(same, entry);
    this.#entries.length = Math.min(this.#entries.length, most);
  }
}

/** Told with the time of the first and in its place, so that what goes on for hours does not stay young for ever. */
function both(before: HappenedPart, { feed }: HappenedPart): HappenedPart {
  return {
    ...before,
    feed: before.feed === feed ? feed : undefined,
    times: before.times + 1,
  };
}
