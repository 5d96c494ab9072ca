import { type Clock, systemClock } from '../../../src/core/clock.ts';
import type { Fields, Logger } from '../../../src/core/log.ts';
import type { Batch, DeadLetter, JsonValue, Learned } from '../../../src/core/types.ts';
import {
  defaultTiming,
  type ServerOptions,
  type Sink,
  type SinkTiming,
  type SinkTools,
} from '../../../src/sinks/sink.ts';

export interface Said {
  readonly level: string;
  readonly sentence: string;
  readonly fields: Fields;
}

export interface TestTools extends SinkTools {
  readonly said: Said[];
  readonly letters: DeadLetter[];
  readonly facts: Map<string, JsonValue>;
}

export interface TestOptions {
  readonly timing?: Partial<SinkTiming>;
  readonly clock?: Clock;
  readonly slotsTaken?: () => number;
  readonly facts?: Map<string, JsonValue>;
}

export const shortTiming: SinkTiming = {
  ...defaultTiming,
  connectMs: 1_000,
  progressMs: 300,
  backoffBaseMs: 10,
  backoffCapMs: 50,
  gatherMs: 50,
  settleMs: 50,
  groupGrowth: 1,
  vigilMs: 0,
};

export function testTools(options: TestOptions = {}): TestTools {
  const said: Said[] = [];
  const letters: DeadLetter[] = [];
  const facts = options.facts ?? new Map<string, JsonValue>();
  const say =
    (level: string) =>
    (sentence: string, fields: Fields = {}): void => {
      said.push({ level, sentence, fields });
    };
  const log: Logger = {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
  };
  const learned: Learned = {
    get: (key) => facts.get(key),
    set: (key, value) => void facts.set(key, value),
  };
  return {
    clock: options.clock ?? systemClock,
    log,
    timing: { ...shortTiming, ...options.timing },
    learned,
    deadLetters: { add: async (letter) => void letters.push(letter) },
    slotsTaken: options.slotsTaken ?? (() => 1),
    said,
    letters,
    facts,
  };
}

export function serverAt(port: number, more: Partial<ServerOptions> = {}): ServerOptions {
  return { id: 'siem', protocol: 'TCP', hostname: '127.0.0.1', port, ...more };
}

/** A batch of numbered lines: `feed:first` … */
export function batchOf(feedId: string, count: number, first = 0, padding = 0): Batch {
  const lines = Array.from({ length: count }, (_, index) => ({
    bytes: Buffer.from(`${feedId}:${first + index}${'.'.repeat(padding)}`),
    id: `${feedId}-${first + index}`,
    timeMs: first + index,
  }));
  const account = { id: undefined, name: 'test', apiHost: 'duo.test' };
  return { feedId, origin: { account, endpoint: 'auth', sender: 'here', sentAtMs: 0 }, lines };
}

export function textsOf(batch: Batch): string[] {
  return batch.lines.map(({ bytes }) => Buffer.from(bytes).toString('utf8'));
}

export const never = new AbortController().signal;

/** Whether the write is still under way after `ms`. */
export async function isPending(write: Promise<unknown>, ms: number): Promise<boolean> {
  const waiting = Symbol('waiting');
  const timer = new Promise((resolve) => setTimeout(resolve, ms, waiting));
  return (await Promise.race([write.catch(() => undefined), timer])) === waiting;
}

/** Looks again and again until the condition holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  ms = 25_000,
): Promise<void> {
  const endMs = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > endMs)
      throw new Error(`did not happen within ${ms} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Writes that are ended by the test's end, so that no failure leaves a sink behind. */
export async function withSink(sink: Sink, work: (sink: Sink) => Promise<void>): Promise<void> {
  try {
    await work(sink);
  } finally {
    await sink.close();
  }
}

/** The numbers of the lines that did not arrive: short even when the lines are long. */
export function missingFrom(kept: readonly string[], batch: Batch): string[] {
  const arrived = new Set(kept);
  return textsOf(batch)
    .filter((text) => !arrived.has(text))
    .map((text) => text.slice(0, 20));
}
