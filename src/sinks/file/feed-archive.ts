import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '../../core/log.ts';
import { type ArchiveLayout, safeName } from '../../core/path-template.ts';
import type { Batch, JsonObject, Origin } from '../../core/types.ts';
import { deferred } from '../waiting.ts';
import { foreignArchive } from './archive-errors.ts';
import { type BesidePage, besidePage, decided, withNewest, without } from './beside.ts';
import type { ArchiveFolder } from './folder.ts';
import {
  type ArchiveMark,
  type FileEnd,
  type Journal,
  markOf,
  type Page,
  pagesKept,
} from './journal.ts';
import { pageTexts } from './page-texts.ts';

export interface FeedArchiveTools {
  readonly feedId: string;
  /** The server's id, for the log. */
  readonly server: string;
  readonly layout: ArchiveLayout;
  readonly folder: ArchiveFolder;
  readonly log: Logger;
}

/** Where a feed goes on: its pages so far, and what lies beyond the last one that counts. */
interface Position {
  readonly history: string;
  page: number;
  kept: readonly Page[];
  /** What a page that does not count may have appended: these files are cut back before anything else. */
  beyond: readonly FileEnd[];
  /** The Duo that the journal tells of, while nothing but that journal speaks for it. */
  readonly onlyFrom?: string;
  beside: readonly BesidePage[];
}

/**
 * One feed's files: each page is wholly in them or not at all. Before a page is appended, a journal with the
 * present ends of its files is on disk; after a crash what goes beyond the checkpoint's page is cut back.
 */
export class FeedArchive {
  readonly #tools: FeedArchiveTools;
  readonly #journal: string;
  #position: Position | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** A page is written of which the checkpoint does not tell yet: what came after it would be cut off with it. */
  #isUnsettled = false;
  #news = deferred<void>();

  constructor(tools: FeedArchiveTools) {
    this.#tools = tools;
    this.#journal = `${safeName(tools.feedId)}.json`;
  }

  /** One after the other, also when nobody waits any more for the one before. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#turn;
  }

  /** Cuts back what the checkpoint does not know of. Throws the system's errors and `archive_…`. */
  async restore(mark: ArchiveMark | undefined): Promise<void> {
    this.#position = undefined;
    if (mark?.directory === this.#tools.folder.directory) this.#tools.folder.expect();
    const position = await this.#find(mark);
    await this.#decide(position);
    if (position.onlyFrom === undefined) await this.#cutBack(position);
    this.#position = position;
    this.settled();
  }

  /** The checkpoint tells of every page. */
  settled(): void {
    this.#isUnsettled = false;
    this.#news.resolve();
    this.#news = deferred();
  }

  /** Resolves when a page from beside that had to wait may be tried again. */
  get news(): Promise<void> {
    return this.#news.promise;
  }

  /** Appends a page. Throws the system's errors and `archive_…`, the signal's reason before the next step. */
  async write({ origin, lines }: Batch, signal: AbortSignal): Promise<JsonObject> {
    const position = (this.#position ??= await this.#unrestored());
    const { folder, layout } = this.#tools;
    await this.#begin(position, origin);
    const texts = pageTexts(layout, origin, lines);
    const files = await this.#ends(texts, signal);
    const number = position.page + 1;
    const pages = [...position.kept, { number, files }].slice(-pagesKept);
    await this.#writeJournal(origin, { ...position, kept: pages });
    await this.#append(position, files, texts, signal);
    const { history, beside } = position;
    this.#position = { history, page: number, kept: pages, beyond: [], beside };
    this.#isUnsettled = true;
    const { directory } = folder;
    return markOf({
      directory,
      journal: this.#journal,
      history: position.history,
      page: number,
    });
  }

  /**
   * Appends a page of a reading of the past, without those of its lines that a crash left there; false when it has
   * to wait for the feed itself. Throws as `write` does.
   */
  async writeBeside(
    { origin, lines, beside: key = '' }: Batch,
    signal: AbortSignal,
  ): Promise<boolean> {
    const position = this.#position;
    if (position === undefined || this.#isUnsettled) return false;
    await this.#begin(position, origin);
    const before = position.beside;
    const left = without(
      lines,
      before.findLast((page) => page.key === key),
    );
    const texts = pageTexts(this.#tools.layout, origin, left);
    const files = await this.#ends(texts, signal);
    const page = besidePage(key, lines, files, texts);
    // What is known of the page before counts until this one does.
    await this.#writeJournal(origin, { ...position, beside: [...before, page] });
    await this.#append(position, files, texts, signal);
    const done = withNewest(before, { ...page, done: true });
    await this.#writeJournal(origin, { ...position, beside: done });
    position.beside = done;
    position.beyond = [];
    return true;
  }

  /** After a failure: what a part of a page has left behind goes at once, if it can. */
  async tidy(): Promise<void> {
    await this.#tools.folder.mustBeThere();
    if (this.#position !== undefined) await this.#cutBack(this.#position);
  }

  async #find(mark: ArchiveMark | undefined): Promise<Position> {
    const { folder } = this.#tools;
    let journal = await folder.readJournal(this.#journal);
    // The server has got another id, so the journal has another name.
    if (mark !== undefined && mark.journal !== this.#journal && journal?.history !== mark.history)
      journal = (await folder.readJournal(mark.journal)) ?? journal;
    if (mark === undefined) return this.#withoutMark(journal);
    return journal === undefined ? await this.#withoutJournal(mark) : this.#both(journal, mark);
  }

  /** Who has no checkpoint at hand may begin an archive, but not go on with one. */
  async #unrestored(): Promise<Position> {
    if ((await this.#tools.folder.readJournal(this.#journal)) !== undefined)
      throw foreignArchive(this.#journalPath, 'only the feed that goes on with it may write here');
    return fresh();
  }

  async #decide(position: Position): Promise<void> {
    const { folder, log, server, feedId } = this.#tools;
    const { beside, beyond, isKept } = await decided(position, folder);
    position.beside = beside;
    position.beyond = beyond;
    if (isKept)
      log.warn('The archive is not cut back where a backfill has written since', {
        server,
        feed: feedId,
        hint: 'The checkpoint is older than it should be: the last pages of this feed may be in the archive twice.',
      });
  }

  async #begin(position: Position, { account }: Origin): Promise<void> {
    if (position.onlyFrom !== undefined && position.onlyFrom !== account.apiHost)
      throw foreignArchive(this.#journalPath, `it is the archive of ${position.onlyFrom}`);
    await this.#tools.folder.mustBeThere();
    await this.#cutBack(position);
  }

  async #append(
    position: Position,
    files: readonly FileEnd[],
    texts: ReadonlyMap<string, Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    for (const end of files) {
      signal.throwIfAborted();
      position.beyond = [...position.beyond, end];
      await this.#tools.folder.append(end, texts.get(end.path) ?? new Uint8Array());
    }
  }

  async #ends(texts: ReadonlyMap<string, Uint8Array>, signal: AbortSignal): Promise<FileEnd[]> {
    const ends: FileEnd[] = [];
    for (const path of texts.keys()) ends.push(await this.#tools.folder.end(path));
    signal.throwIfAborted();
    return ends;
  }

  #withoutMark(journal: Journal | undefined): Position {
    if (journal === undefined) return fresh();
    const last = lastOf(journal);
    if (last.number > 1)
      throw foreignArchive(
        this.#journalPath,
        `${last.number} pages are archived here, but the checkpoint knows of none`,
      );
    const { history, apiHost: onlyFrom, beside = [] } = journal;
    return { history, page: 0, kept: [], beyond: last.files, onlyFrom, beside };
  }

  async #withoutJournal(mark: ArchiveMark): Promise<Position> {
    const { folder, log, server, feedId } = this.#tools;
    await folder.mustBeThere();
    const moved = mark.directory !== folder.directory;
    log.info('A new archive begins', {
      server,
      feed: feedId,
      directory: folder.directory,
      why: moved ? `it was in ${mark.directory} before` : 'its journal is gone',
    });
    return fresh();
  }

  #both(journal: Journal, mark: ArchiveMark): Position {
    const { log, server, feedId } = this.#tools;
    const { history, pages, beside = [] } = journal;
    const last = lastOf(journal);
    // Its journal was gone, and since then only a backfill has written.
    if (history !== mark.history && pages.length === 0) return this.#withoutMark(journal);
    if (history !== mark.history)
      throw foreignArchive(this.#journalPath, 'another archive is here than the checkpoint knows');
    if (last.number < mark.page)
      log.warn('The archive is older than the checkpoint: events are missing in it', {
        server,
        feed: feedId,
        pages: mark.page - last.number,
        hint: 'A copy from a backup lacks what was written after it. Duo’s 180 days can be written again: duologsync backfill --since TIME --to SERVER.',
      });
    const beyond = pages.filter(({ number }) => number > mark.page);
    if (beyond.length > 0 && beyond[0]?.number !== mark.page + 1)
      throw foreignArchive(
        this.#journalPath,
        `it is ${last.number - mark.page} pages ahead of the checkpoint, more than can be cut back`,
      );
    const kept = pages.filter(({ number }) => number <= mark.page && last.number >= mark.page);
    return {
      ...{ history, page: mark.page, kept, beside },
      beyond: beyond.flatMap(({ files }) => files),
    };
  }

  async #cutBack(position: Position): Promise<void> {
    if (position.beyond.length === 0) return;
    const { folder, log, server, feedId } = this.#tools;
    let bytes = 0;
    for (const end of position.beyond) bytes += await folder.cut(end);
    position.beyond = [];
    if (bytes > 0)
      log.info('The archive is cut back to its checkpoint; the events are written again', {
        server,
        feed: feedId,
        bytes,
      });
  }

  async #writeJournal(
    { account, endpoint }: Origin,
    { history, kept: pages, beside }: Pick<Position, 'history' | 'kept' | 'beside'>,
  ): Promise<void> {
    const { feedId, folder } = this.#tools;
    const { id: accountId, apiHost } = account;
    const journal = { feedId, endpoint, accountId, apiHost, history, pages, beside };
    await folder.writeJournal(this.#journal, journal);
    folder.expect();
  }

  get #journalPath(): string {
    return join(this.#tools.folder.journals, this.#journal);
  }
}

function fresh(): Position {
  const history = randomBytes(8).toString('hex');
  return { history, page: 0, kept: [], beyond: [], beside: [] };
}

function lastOf({ pages }: Journal): Page {
  return pages[pages.length - 1] ?? { number: 0, files: [] };
}
