import { setMaxListeners } from 'node:events';
import { constants } from 'node:fs';
import { dirname } from 'node:path';
import pLimit from 'p-limit';
import { removeLeftovers } from '../core/atomic-file.ts';
import { Backoff } from '../core/backoff.ts';
import { ForwarderError, systemCode } from '../core/errors.ts';
import { pathsFor } from '../core/path-template.ts';
import type { Batch, Mark } from '../core/types.ts';
import type { Report } from './connection.ts';
import { archiveError } from './file/archive-errors.ts';
import { type Disk, nodeDisk } from './file/disk.ts';
import { FeedArchive } from './file/feed-archive.ts';
import { ArchiveFolder } from './file/folder.ts';
import { archiveMark } from './file/journal.ts';
import { keepTidy } from './file/retention.ts';
import type {
  ArchiveOptions,
  ServerOptions,
  Sink,
  SinkState,
  SinkTools,
  SinkType,
} from './sink.ts';
import { Trouble } from './trouble.ts';
import { abortable, onAbort } from './waiting.ts';

export const FILE: SinkType = {
  summary: 'Files on this machine, one a day for each log; an event counts when it is on disk.',
  confirms: 'durable',
  open: (server, tools) => openFile(server, tools),
};

/** Each has a file open; pages are bounded by the places of the server. */
const restoresAtOnce = 16;
/** How long the end of the program waits for a disk that does not answer. */
const patienceMs = 5_000;

export function openFile(
  server: ServerOptions,
  tools: SinkTools,
  disk: Disk = nodeDisk,
  platform: NodeJS.Platform = process.platform,
): Sink {
  return new FileSink(server, tools, disk, platform);
}

function heldAs({ feedId, beside }: Batch): string {
  return beside === undefined ? feedId : `${feedId} beside`;
}

class FileSink implements Sink {
  readonly #server: ServerOptions;
  readonly #archive: ArchiveOptions;
  readonly #tools: SinkTools;
  readonly #disk: Disk;
  readonly #folder: ArchiveFolder;
  readonly #trouble: Trouble;
  readonly #feeds = new Map<string, FeedArchive>();
  /** Feeds whose last try failed: the trouble is over when there is none. */
  readonly #held = new Set<string>();
  readonly #closing = new AbortController();
  readonly #restores = pLimit(restoresAtOnce);
  #tidying: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;
  #confirmedLines = 0;

  constructor(server: ServerOptions, tools: SinkTools, disk: Disk, platform: NodeJS.Platform) {
    const { archive } = server;
    if (archive === undefined) throw new Error('a FILE server needs a directory');
    this.#server = server;
    this.#archive = archive;
    this.#tools = tools;
    this.#disk = disk;
    this.#folder = new ArchiveFolder(archive.directory, disk, platform, tools.clock);
    this.#trouble = new Trouble(server, tools.clock, tools.log);
    // Every write under way listens.
    setMaxListeners(0, this.#closing.signal);
  }

  async restore(feedId: string, mark: Mark | undefined, signal: AbortSignal): Promise<void> {
    const feed = this.#feed(feedId);
    try {
      await abortable(this.#sweep(), signal);
      const work = async (): Promise<void> => {
        // Whoever began later may know of later pages.
        signal.throwIfAborted();
        await feed.restore(archiveMark(mark));
      };
      await abortable(
        feed.inTurn(() => this.#restores(work)),
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      throw archiveError(error, this.#folder.directory);
    }
    this.#beginTidying();
  }

  async write(batch: Batch, signal: AbortSignal): Promise<Mark | undefined> {
    signal.throwIfAborted();
    if (batch.lines.length === 0) return undefined;
    const stop = new AbortController();
    const quiet = [signal, this.#closing.signal].map((outer) =>
      onAbort(outer, () => stop.abort(outer.reason)),
    );
    try {
      const mark = await this.#untilWritten(batch, stop.signal);
      this.#confirmedLines += batch.lines.length;
      return mark;
    } finally {
      for (const done of quiet) done();
      this.#free(heldAs(batch));
    }
  }

  async check(report: Report, signal: AbortSignal): Promise<void> {
    const { directory, journals } = this.#folder;
    for (let place = directory; ; place = dirname(place)) {
      signal.throwIfAborted();
      try {
        await this.#disk.readdir(place);
        await this.#disk.access(place, constants.W_OK | constants.X_OK);
        const there = place === directory ? 'can be written' : `will be made in ${place}`;
        report('directory', `${directory} ${there}`);
        break;
      } catch (error) {
        const missing = systemCode(error) === 'ENOENT' && place !== dirname(place);
        if (!missing) throw archiveError(error, place);
      }
    }
    const pathOf = pathsFor(this.#archive.layout, { endpoint: 'auth', accountId: undefined });
    const path = pathOf(this.#tools.clock.nowMs());
    for (const own of [journals, this.#folder.absolute(path)]) {
      signal.throwIfAborted();
      await this.#disk.access(own, constants.R_OK | constants.W_OK).catch((error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw archiveError(error, own);
      });
    }
    report('path', `an auth event of now goes to ${path}`);
  }

  settled(feedId: string): void {
    this.#feeds.get(feedId)?.settled();
  }

  flush(): void {
    // Nothing waits for company here.
  }

  state(): SinkState {
    return this.#trouble.state('durable', this.#confirmedLines);
  }

  async close(): Promise<void> {
    const { id } = this.#server;
    this.#closing.abort(
      new ForwarderError('sink_closed', `the archive ${id} is closed for good`, {
        scope: 'server',
      }),
    );
    const patience = new AbortController();
    const idle = Promise.all([...this.#feeds.values()].map((feed) => feed.idle()));
    await Promise.race([
      Promise.all([idle, this.#tidying]),
      this.#tools.clock.sleep(patienceMs, patience.signal),
    ]);
    patience.abort();
  }

  /** Once, and before the first journal is written: what a killed process left half made. */
  #sweep(): Promise<void> {
    this.#sweeping ??= removeLeftovers(this.#folder.journals, this.#disk).catch(
      (error: unknown) => {
        this.#sweeping = undefined;
        throw error;
      },
    );
    return this.#sweeping;
  }

  #feed(feedId: string): FeedArchive {
    let feed = this.#feeds.get(feedId);
    if (feed === undefined) {
      const { layout } = this.#archive;
      const { log } = this.#tools;
      feed = new FeedArchive({
        feedId,
        server: this.#server.id,
        layout,
        folder: this.#folder,
        log,
      });
      this.#feeds.set(feedId, feed);
    }
    return feed;
  }

  /** Without a mark for what comes from beside. */
  async #untilWritten(batch: Batch, signal: AbortSignal): Promise<Mark | undefined> {
    const { timing, clock } = this.#tools;
    const backoff = new Backoff({ baseMs: timing.backoffBaseMs, capMs: timing.backoffCapMs });
    const feed = this.#feed(batch.feedId);
    for (;;) {
      signal.throwIfAborted();
      const { news } = feed;
      try {
        const work = async (): Promise<Mark> => {
          signal.throwIfAborted();
          return batch.beside === undefined
            ? feed.write(batch, signal)
            : feed.writeBeside(batch, signal);
        };
        const written = await abortable(feed.inTurn(work), signal);
        if (typeof written !== 'boolean') return written;
        if (written) return undefined;
        await abortable(news, signal);
      } catch (error) {
        signal.throwIfAborted();
        const known = archiveError(error, this.#folder.directory);
        this.#held.add(heldAs(batch));
        this.#trouble.begins(known);
        this.#folder.forget();
        // When that fails too, the next try begins with it.
        await abortable(
          feed.inTurn(() => feed.tidy()),
          signal,
        ).catch(() => undefined);
        const waitMs = backoff.next(known.retryAfterMs);
        this.#trouble.waits(waitMs);
        await clock.sleep(waitMs, signal);
      }
    }
  }

  #free(feedId: string): void {
    if (this.#held.delete(feedId) && this.#held.size === 0) this.#trouble.ends();
  }

  /** Not before a feed begins: whoever opens the sink for a look removes nothing. */
  #beginTidying(): void {
    const { layout, retentionDays: days } = this.#archive;
    if (days === undefined || this.#tidying !== undefined || this.#closing.signal.aborted) return;
    const { clock, log } = this.#tools;
    const alone = (feedId: string, work: () => Promise<void>): Promise<void> =>
      this.#feed(feedId).inTurn(work);
    const parts = { server: this.#server.id, layout, days, clock, log, alone };
    const own = { folder: this.#folder, disk: this.#disk };
    this.#tidying = keepTidy({ ...parts, ...own }, this.#closing.signal);
  }
}
