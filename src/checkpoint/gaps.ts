import { type FileSystem, nodeFileSystem, writeAtomic } from '../core/atomic-file.ts';
import type { Clock } from '../core/clock.ts';
import { ForwarderError, messageOf } from '../core/errors.ts';
import { isoTime } from '../core/iso-time.ts';
import type { Logger } from '../core/log.ts';
import type { FeedGap, GapBox } from '../core/types.ts';
import {
  type Acknowledged,
  acknowledgedPath,
  isAcknowledged,
  readAcknowledged,
} from './acknowledged.ts';
import { encodeGap, gapId, gapsPath, type GapRecord, readGaps } from './gap-record.ts';

export interface GapStoreOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fs?: FileSystem;
  readonly platform?: NodeJS.Platform;
}

export interface GapStore extends GapBox {
  /** How many nobody had acknowledged when it was opened. */
  readonly unacknowledged: number;
}

const hourMs = 3_600_000;
/** Of one feed and kind; a further gap is told, and kept as a part of the newest. */
const mostOfAFeed = 20;
const mostAppended = 1_000;

/**
 * Opens the gaps of a state directory; what was acknowledged goes. A gap is appended and synced, so it is on
 * disk before a checkpoint moves past it. Throws `gaps_unusable` (stop).
 */
export async function openGaps(options: GapStoreOptions): Promise<GapStore> {
  const { directory, log, fs = nodeFileSystem } = options;
  const path = gapsPath(directory);
  const acknowledged = await readAcknowledged(acknowledgedPath(directory), fs).catch((error) => {
    log.warn('Which gaps are acknowledged cannot be read, all are shown', {
      why: messageOf(error),
    });
    return new Map<string, number>();
  });
  try {
    const records = await readGaps(path, fs);
    const open = new Map([...records].filter(([, gap]) => !isAcknowledged(gap, acknowledged)));
    const store = new Store(path, open, acknowledged, { ...options, fs });
    if (records.size > open.size) await store.rewrite();
    return store;
  } catch (error) {
    throw new ForwarderError('gaps_unusable', `${path} cannot be used: ${messageOf(error)}`, {
      remedy: 'stop',
      hint: 'Let the user that runs duologsync read and write this file and its folder.',
      cause: error,
    });
  }
}

/** Tells gaps in the log alone, for a run that remembers nothing. */
export function logGaps(log: Logger): GapBox {
  return { add: async (gaps) => gaps.forEach((gap) => tell(gap, log)) };
}

class Store implements GapStore {
  readonly unacknowledged: number;
  readonly #path: string;
  readonly #acknowledged: Acknowledged;
  readonly #options: GapStoreOptions & { readonly fs: FileSystem };
  #records: Map<string, GapRecord>;
  #appended = 0;
  /** What is on disk may end in a part of a line, as after a crash. */
  #torn = true;
  #turn: Promise<void> = Promise.resolve();

  constructor(
    path: string,
    records: Map<string, GapRecord>,
    acknowledged: Acknowledged,
    options: GapStoreOptions & { readonly fs: FileSystem },
  ) {
    this.#path = path;
    this.#records = records;
    this.#acknowledged = acknowledged;
    this.#options = options;
    this.unacknowledged = records.size;
  }

  async add(gaps: readonly FeedGap[]): Promise<void> {
    const added = this.#turn.then(() => this.#add(gaps));
    this.#turn = added.catch(() => undefined);
    await added;
  }

  async rewrite(): Promise<void> {
    const lines = [...this.#records.values()].map(encodeGap);
    await writeAtomic(this.#path, Buffer.concat(lines), this.#options);
    this.#appended = 0;
    this.#torn = false;
  }

  async #add(gaps: readonly FeedGap[]): Promise<void> {
    const before = this.#records;
    const records = (this.#records = new Map(before));
    const changed = new Set<string>();
    const news: FeedGap[] = [];
    for (const gap of gaps) {
      const { record, told } = this.#place(gap);
      if (record === undefined) continue;
      records.set(record.id, record);
      changed.add(record.id);
      if (told) news.push(gap);
    }
    if (changed.size === 0) return;
    try {
      await this.#write([...changed].flatMap((id) => records.get(id) ?? []));
    } catch (error) {
      this.#records = before;
      throw new ForwarderError(
        'gaps_unwritable',
        `${this.#path} cannot be written: ${messageOf(error)}`,
        {
          hint: 'Free space on that disk; the feed goes on by itself then.',
          cause: error,
        },
      );
    }
    const hint = 'duologsync gaps shows what to do, until it is acknowledged there.';
    for (const gap of news) tell(gap, this.#options.log, hint);
  }

  /** The record that a gap makes or changes; none when it is known. */
  #place(gap: FeedGap): { readonly record?: GapRecord; readonly told?: boolean } {
    const id = gapId(gap);
    if (isAcknowledged({ ...gap, id }, this.#acknowledged)) return {};
    const alike = [...this.#records.values()].filter(
      ({ feedId, kind }) => feedId === gap.feedId && kind === gap.kind,
    );
    const known = alike.find((record) => record.id === id || isPartOf(gap, record));
    if (known !== undefined) {
      const grownMs = gap.toMs - known.toMs;
      if (grownMs <= 0) return {};
      // What happens again and again at the edge of what Duo keeps is told each hour, not each page.
      return { record: { ...known, toMs: gap.toMs }, told: grownMs >= hourMs };
    }
    const newest = alike[alike.length - 1];
    if (newest === undefined || alike.length < mostOfAFeed) {
      const toldMs = this.#options.clock.nowMs();
      return { record: { ...gap, id, toldMs, times: 1 }, told: true };
    }
    const fromMs = Math.min(newest.fromMs, gap.fromMs);
    const toMs = Math.max(newest.toMs, gap.toMs);
    return { record: { ...newest, fromMs, toMs, times: newest.times + 1 }, told: true };
  }

  async #write(records: readonly GapRecord[]): Promise<void> {
    const { directory, fs } = this.#options;
    // Somebody may have deleted it meanwhile; a feed must not wait for that.
    await fs.mkdir(directory, { recursive: true, mode: 0o700 });
    if (this.#torn || this.#appended > mostAppended) return this.rewrite();
    const bytes = Buffer.concat(records.map(encodeGap));
    const file = await fs.open(this.#path, 'a', 0o600);
    this.#torn = true;
    try {
      for (let done = 0; done < bytes.length;) {
        done += (await file.write(bytes, done)).bytesWritten;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    this.#torn = false;
    this.#appended += records.length;
  }
}

/** Time goes on at the edge, and several gaps are kept as one: neither makes a new gap. */
function isPartOf(gap: FeedGap, { kind, times, fromMs, toMs }: GapRecord): boolean {
  if (gap.fromMs < fromMs) return false;
  if (kind === 'reach') return gap.fromMs <= toMs;
  return kind === 'second' && times > 1 && gap.toMs <= toMs;
}

function tell(gap: FeedGap, log: Logger, hint?: string): void {
  log.error('Events of this time are lost for good', {
    code: 'gap',
    gap: gapId(gap),
    feed: gap.feedId,
    account: gap.account.id ?? gap.account.name,
    endpoint: gap.endpoint,
    server: gap.serverId,
    from: isoTime(gap.fromMs),
    to: isoTime(gap.toMs),
    reason: gap.reason,
    hint,
  });
}
