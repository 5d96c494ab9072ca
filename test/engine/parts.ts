import { setMaxListeners } from 'node:events';
import { openMemoryStore } from '../../src/checkpoint/memory-store.ts';
import type { Checkpoint, CheckpointStore } from '../../src/checkpoint/checkpoint.ts';
import type { Fields, Logger } from '../../src/core/log.ts';
import type { Account, Batch, DeadLetter, FeedGap, Mark } from '../../src/core/types.ts';
import type { RateLimiter } from '../../src/duo/api.ts';
import { createRateLimiter } from '../../src/duo/rate-limit.ts';
import { auth } from '../../src/endpoints/auth.ts';
import { AnswerCache } from '../../src/engine/answer-cache.ts';
import type { Feed, FeedTools } from '../../src/engine/feed.ts';
import { FeedControl } from '../../src/engine/feed-control.ts';
import { FeedStatus } from '../../src/engine/feed-status.ts';
import { PageSource } from '../../src/engine/page-source.ts';
import { Slots } from '../../src/engine/slots.ts';
import type { WindowRules } from '../../src/engine/window.ts';
import { formatters } from '../../src/formatters/index.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { FakeDuo } from './fake-duo.ts';
import { TestClock } from './test-clock.ts';

export const never = new AbortController().signal;
setMaxListeners(0, never);
export const account: Account = { id: undefined, name: 'main', apiHost: 'duo.test' };
export const intervalMs = 120_000;

export const rules: WindowRules = {
  unit: 'ms',
  hasEnd: true,
  ordered: true,
  pageLimit: 1000,
  settleMs: 0,
  lookbackMs: 2_400_000,
  rereadMs: 600_000,
};

export interface Said {
  readonly level: string;
  readonly sentence: string;
  readonly fields: Fields;
}

export function recordingLog(): { readonly log: Logger; readonly said: Said[] } {
  const said: Said[] = [];
  const at =
    (level: string) =>
    (sentence: string, fields: Fields = {}): void =>
      void said.push({ level, sentence, fields });
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { log, said };
}

/** A server that keeps what it confirms; `answer` may fail or wait first. */
export class FakeSink implements Sink {
  readonly confirmed: Batch[] = [];
  readonly restored: (Mark | undefined)[] = [];
  flushes = 0;
  answer: (batch: Batch, signal: AbortSignal) => Promise<Mark | undefined> = async () => undefined;

  get ids(): string[] {
    return this.confirmed.flatMap(({ lines }) => lines.map(({ id }) => id));
  }

  async restore(_feedId: string, mark: Mark | undefined): Promise<void> {
    this.restored.push(mark);
  }

  async write(batch: Batch, signal: AbortSignal): Promise<Mark | undefined> {
    const sent = { ...batch, lines: [...batch.lines] };
    const mark = await this.answer(sent, signal);
    this.confirmed.push(sent);
    return mark;
  }

  async check(): Promise<void> {
    // Always well.
  }

  flush(): void {
    this.flushes += 1;
  }

  state(): { level: 'drained'; confirmedLines: number } {
    return { level: 'drained', confirmedLines: this.ids.length };
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}

/** A memory store whose disk may be full. */
export class FakeStore implements CheckpointStore {
  readonly saved: Checkpoint[] = [];
  /** Called before each save; throws to fail it. */
  beforeSave: () => void = () => undefined;
  beforeLoad: (feed: string) => void = () => undefined;
  readonly #inner = openMemoryStore(() => 0);

  async load(...[identity]: Parameters<CheckpointStore['load']>): Promise<Checkpoint | undefined> {
    this.beforeLoad(identity.server.id);
    return this.#inner.load(identity);
  }

  async save(...[identity, checkpoint]: Parameters<CheckpointStore['save']>): Promise<void> {
    this.beforeSave();
    await this.#inner.save(identity, checkpoint);
    this.saved.push(checkpoint);
  }

  list(): ReturnType<CheckpointStore['list']> {
    return this.#inner.list();
  }
}

export interface Bench {
  readonly clock: TestClock;
  readonly duo: FakeDuo;
  readonly said: Said[];
  readonly log: Logger;
  readonly limiter: ReturnType<typeof createRateLimiter>;
  readonly cache: AnswerCache;
  readonly store: FakeStore;
  readonly letters: DeadLetter[];
  readonly gaps: FeedGap[];
  readonly stop: AbortController;
  readonly abandon: AbortController;
  readonly source: (shared?: boolean, limiter?: RateLimiter, of?: Account) => PageSource;
  readonly feed: (serverId: string, parts?: Partial<Feed>) => Feed & { readonly sink: FakeSink };
  readonly tools: (more?: Partial<FeedTools>) => FeedTools;
  /** `stop` comes after so long. */
  readonly stopAfter: (ms: number) => void;
}

/** All real parts of the engine around a Duo, a server and a disk that do as they are told. */
export function bench(): Bench {
  const clock = new TestClock();
  const duo = new FakeDuo(clock);
  const { log, said } = recordingLog();
  const limiter = createRateLimiter({ clock, perMinute: 6000 });
  const cache = new AnswerCache();
  const store = new FakeStore();
  const letters: DeadLetter[] = [];
  const gaps: FeedGap[] = [];
  const [stop, abandon] = [new AbortController(), new AbortController()];
  setMaxListeners(0, stop.signal, abandon.signal);
  const source: Bench['source'] = (shared = false, limit = limiter, of = account) =>
    new PageSource({
      account: of,
      endpoint: auth,
      name: 'auth',
      api: duo,
      limiter: limit,
      clock,
      intervalMs,
      shared: () => shared,
      cache,
      stop: stop.signal,
    });
  const formatter = formatters.JSON.create({
    jsonStyle: 'python',
    jsonAdd: 'dls',
    cefTime: 'utc',
    cefLeadingSpace: false,
    cefProfile: 'compat',
    cefVendor: 'Duo Security',
    cefProduct: 'DuoLogSync',
    cefSeverityOverrides: {},
    version: '0.0.0',
  });
  return {
    clock,
    duo,
    said,
    log,
    limiter,
    cache,
    store,
    letters,
    gaps,
    stop,
    abandon,
    source,
    feed: (serverId, parts = {}) => {
      const id = `auth > ${serverId}`;
      const server = { id: serverId, protocol: 'TCP', hostname: 'localhost', port: 1 };
      return {
        id,
        account,
        endpointName: 'auth',
        endpoint: auth,
        rules,
        formatter,
        identity: { accountId: undefined, endpoint: 'auth', server },
        source: parts.source ?? source(),
        slots: new Slots(),
        status: new FeedStatus(id, clock, log),
        control: new FeedControl(),
        ...parts,
        sink: parts.sink instanceof FakeSink ? parts.sink : new FakeSink(),
      };
    },
    tools: (more = {}) => ({
      clock,
      log,
      checkpoints: store,
      deadLetters: { add: async (letter) => void letters.push(letter) },
      gaps: { add: async (more) => void gaps.push(...more) },
      sender: 'here',
      once: false,
      retry: { baseMs: 1_000, capMs: 300_000 },
      park: { baseMs: 900_000, capMs: 86_400_000 },
      ...more,
    }),
    stopAfter: (ms) => {
      void clock.sleep(ms, never).then(() => stop.abort(new Error('stopped by the test')));
    },
  };
}
