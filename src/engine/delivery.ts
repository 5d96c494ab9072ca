import { Backoff } from '../core/backoff.ts';
import type { Cursor } from '../core/cursor.ts';
import { ForwarderError, asForwarderError } from '../core/errors.ts';
import type { Gap, Line, LogEvent, Mark, Origin } from '../core/types.ts';
import type { Feed, FeedTools, Start } from './feed.ts';

/** What a feed does with a page's events: format, deliver, set aside what cannot be, and remember. */
export class Delivery {
  readonly #feed: Feed;
  readonly #tools: FeedTools;
  readonly #abandon: AbortSignal;
  #mark: Mark | undefined;
  #saved: Cursor;

  constructor(feed: Feed, start: Start, tools: FeedTools, abandon: AbortSignal) {
    this.#feed = feed;
    this.#tools = tools;
    this.#abandon = abandon;
    this.#mark = start.mark;
    this.#saved = start.cursor;
  }

  /** The cursor that is on disk. */
  get saved(): Cursor {
    return this.#saved;
  }

  /** Resolves to the number of lines when all are confirmed or set aside. Rejects when abandoned. */
  async send(events: readonly LogEvent[]): Promise<number> {
    const { origin, lines } = await this.#format(events);
    if (lines.length > 0) await this.#write(origin, lines);
    return lines.length;
  }

  /** Resolves when the gaps are on disk: before any checkpoint that has passed them. */
  async tellGaps(gaps: readonly Gap[]): Promise<void> {
    if (gaps.length === 0) return;
    const { id: feedId, account, endpointName: endpoint, identity, status } = this.#feed;
    const whose = { feedId, account, endpoint, serverId: identity.server.id };
    await this.#persist(() => this.#tools.gaps.add(gaps.map((gap) => ({ ...gap, ...whose }))));
    status.gaps += gaps.length;
  }

  async save(cursor: Cursor): Promise<void> {
    const mark = this.#mark === undefined ? {} : { mark: this.#mark };
    const { id, identity, sink } = this.#feed;
    await this.#persist(() => this.#tools.checkpoints.save(identity, { cursor, ...mark }));
    sink.settled?.(id);
    this.#saved = cursor;
  }

  /** A formatter that fails on one event never holds up the others: that one is set aside. */
  async #format(events: readonly LogEvent[]): Promise<{ origin: Origin; lines: Line[] }> {
    const { account, endpointName, endpoint, formatter } = this.#feed;
    const sentAtMs = this.#tools.clock.nowMs();
    const origin = { account, endpoint: endpointName, sender: this.#tools.sender, sentAtMs };
    const lines: Line[] = [];
    for (const event of events) {
      const { id, timeMs, source } = event;
      try {
        const bytes = formatter.format(event, origin, endpoint.profile);
        lines.push({ bytes, id, timeMs, row: source });
      } catch (error) {
        await this.#setAside({ id, timeMs, row: source }, 'unformattable', error);
      }
    }
    return { origin, lines };
  }

  /** A line that the server alone refuses, again and again, is set aside; the rest of the page goes on. */
  async #write(origin: Origin, lines: readonly Line[]): Promise<void> {
    const { sink, id, status } = this.#feed;
    for (let rest = lines; rest.length > 0;) {
      status.activity.at('server');
      try {
        const batch = { feedId: id, origin, lines: rest };
        this.#mark = (await sink.write(batch, this.#abandon)) ?? this.#mark;
        this.#show(rest);
        return;
      } catch (error) {
        const index = error instanceof ForwarderError && error.remedy === 'skip' ? error.index : -1;
        const line = rest[index ?? -1];
        if (line === undefined) throw error;
        const at = rest.indexOf(line);
        this.#show(rest.slice(0, at));
        await this.#setAside(line, 'refused', error);
        rest = rest.slice(at + 1);
      }
    }
  }

  /** To who looks on, if anybody does. */
  #show(confirmed: readonly Line[]): void {
    const { taps } = this.#tools;
    if (taps?.isOpen === true) taps.went(this.#feed, confirmed);
  }

  async #setAside(
    { id: eventId, timeMs, bytes: line, row }: Omit<Line, 'bytes'> & Partial<Line>,
    reason: string,
    error: unknown,
  ): Promise<void> {
    const { id: feedId, account, endpointName: endpoint, identity, status } = this.#feed;
    const whose = { feedId, account, endpoint, serverId: identity.server.id };
    const content = {
      ...(line === undefined ? {} : { line }),
      ...(row === undefined ? {} : { row }),
    };
    const { message: detail } = asForwarderError(error);
    const letter = { ...whose, eventId, timeMs, reason, detail, ...content };
    await this.#persist(() => this.#tools.deadLetters.add(letter, this.#abandon));
    status.setAside += 1;
  }

  /** What must be on disk is tried until it is, the feed held and shown; what was sent is not sent again. */
  async #persist(write: () => Promise<void>): Promise<void> {
    const backoff = new Backoff(this.#tools.retry);
    const { activity } = this.#feed.status;
    for (;;) {
      activity.at('save');
      try {
        return await write();
      } catch (error) {
        if (this.#abandon.aborted) throw error;
        const waitMs = backoff.next();
        this.#feed.status.trouble(asForwarderError(error), waitMs);
        activity.at('next try', waitMs);
        await this.#tools.clock.sleep(waitMs, this.#abandon);
      }
    }
  }
}
