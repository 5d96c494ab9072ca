import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '../../core/log.ts';
import { type ArchiveLayout, pathsFor, safeName } from '../../core/path-template.ts';
import type { Batch, JsonObject, Line, Origin } from '../../core/types.ts';
import { foreignArchive } from './archive-errors.ts';
import type { ArchiveFolder } from './folder.ts';
import {
  type ArchiveMark,
  type FileEnd,
  type Journal,
  markOf,
  type Page,
  pagesKept,
} from './journal.ts';

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
}

const newline = Buffer.from('\n');

/**
 * One feed's files: each page is wholly in them or not at all. Before a page is appended, a journal with the
 * present ends of its files is on disk; after a crash what goes beyond the checkpoint's page is cut back.
 */
export class FeedArchive {
  readonly #tools: FeedArchiveTools;
  readonly #journal: string;
  #position: Position | undefined;
  #turn: Promise<unknown> = Promise.resolve();

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
    if (position.onlyFrom === undefined) await this.#cutBack(position);
    this.#position = position;
  }

  /** Appends a page. Throws the system's errors and `archive_…`, the signal's reason before the next step. */
  async write({ origin, lines }: Batch, signal: AbortSignal): Promise<JsonObject> {
    const position = (this.#position ??= await this.#unrestored());
    const { folder } = this.#tools;
    if (position.onlyFrom !== undefined && position.onlyFrom !== origin.account.apiHost)
      throw foreignArchive(this.#journalPath, `it is the archive of ${position.onlyFrom}`);
    await folder.mustBeThere();
    await this.#cutBack(position);
    const texts = this.#byFile(origin, lines);
    const files: FileEnd[] = [];
    for (const path of texts.keys()) files.push(await folder.end(path));
    signal.throwIfAborted();
    const number = position.page + 1;
    const pages = [...position.kept, { number, files }].slice(-pagesKept);
    await folder.writeJournal(this.#journal, this.#journalOf(origin, position.history, pages));
    folder.expect();
    for (const end of files) {
      signal.throwIfAborted();
      position.beyond = [...position.beyond, end];
      await folder.append(end, Buffer.concat(texts.get(end.path) ?? []));
    }
    this.#position = { history: position.history, page: number, kept: pages, beyond: [] };
    const { directory } = folder;
    return markOf({
      directory,
      journal: this.#journal,
      history: position.history,
      page: number,
    });
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

  #withoutMark(journal: Journal | undefined): Position {
    if (journal === undefined) return fresh();
    const last = lastOf(journal);
    if (last.number > 1)
      throw foreignArchive(
        this.#journalPath,
        `${last.number} pages are archived here, but the checkpoint knows of none`,
      );
    const { history, apiHost: onlyFrom } = journal;
    return { history, page: 0, kept: [], beyond: last.files, onlyFrom };
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
    const { history, pages } = journal;
    const last = lastOf(journal);
    if (history !== mark.history)
      throw foreignArchive(this.#journalPath, 'another archive is here than the checkpoint knows');
    if (last.number < mark.page)
      log.warn('The archive is older than the checkpoint: events are missing in it', {
        server,
        feed: feedId,
        pages: mark.page - last.number,
        hint: 'A copy from a backup lacks what was written after it. To write it again: duologsync checkpoint set.',
      });
    const beyond = pages.filter(({ number }) => number > mark.page);
    if (beyond.length > 0 && beyond[0]?.number !== mark.page + 1)
      throw foreignArchive(
        this.#journalPath,
        `it is ${last.number - mark.page} pages ahead of the checkpoint, more than can be cut back`,
      );
    const kept = pages.filter(({ number }) => number <= mark.page && last.number >= mark.page);
    return { history, page: mark.page, kept, beyond: beyond.flatMap(({ files }) => files) };
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

  #byFile({ account, endpoint }: Origin, lines: readonly Line[]): Map<string, Uint8Array[]> {
    const pathOf = pathsFor(this.#tools.layout, { endpoint, accountId: account.id });
    const texts = new Map<string, Uint8Array[]>();
    for (const { bytes, timeMs } of lines) {
      const path = pathOf(timeMs);
      const text = texts.get(path);
      if (text === undefined) texts.set(path, [bytes, newline]);
      else text.push(bytes, newline);
    }
    return texts;
  }

  #journalOf({ account, endpoint }: Origin, history: string, pages: readonly Page[]): Journal {
    const { feedId } = this.#tools;
    const { id: accountId, apiHost } = account;
    return { feedId, endpoint, accountId, apiHost, history, pages };
  }

  get #journalPath(): string {
    return join(this.#tools.folder.journals, this.#journal);
  }
}

function fresh(): Position {
  return { history: randomBytes(8).toString('hex'), page: 0, kept: [], beyond: [] };
}

function lastOf({ pages }: Journal): Page {
  return pages[pages.length - 1] ?? { number: 0, files: [] };
}
