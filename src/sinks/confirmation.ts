import type { JsonValue } from '../core/types.ts';
import { isObject } from '../core/row.ts';
import type { Goal } from './conversation.ts';
import { place } from './errors.ts';
import type { Machine } from './machine.ts';
import type { ServerOptions, SinkTools } from './sink.ts';

// A receiver that is frozen looks exactly like one that never closes: three groups, not one.
const groupsUntilFallBack = 3;
const dayMs = 24 * 60 * 60 * 1000;

/**
 * What a group needs before it counts, for one server: what the config says, else what was learned
 * about how this server closes. A server that has closed once is never downgraded.
 */
export class Confirmation {
  readonly #server: ServerOptions;
  readonly #tools: SinkTools;
  readonly #weaker: 'transport' | 'none';
  readonly #key: string;
  #goal: Goal;
  #fellBackAtMs: number | undefined;
  #hasClosed = false;
  #unclosedInARow = 0;

  constructor(server: ServerOptions, tools: SinkTools, machine: Machine) {
    this.#server = server;
    this.#tools = tools;
    this.#weaker = machine.seesTxQueue ? 'transport' : 'none';
    this.#key = `close:${server.protocol}:${server.hostname}:${server.port}`;
    this.#goal = server.confirm ?? 'drained';
    const known = factOf(tools.learned.get(this.#key));
    this.#hasClosed = known.closed;
    if (server.confirm === undefined && !known.closed && known.fellBackAtMs !== undefined) {
      this.#fellBackAtMs = known.fellBackAtMs;
      this.#goal = this.#weaker;
    }
    this.#explain();
  }

  /** The level that holds for what is sent now. */
  get level(): Goal {
    return this.#goal;
  }

  /** Until a server has closed once, one connection at a time: two frozen at once would count double. */
  get connections(): number {
    return this.#goal === 'drained' && this.#hasClosed ? 2 : 1;
  }

  /** True when a server that fell back is to be tried at `drained` again: once a day. */
  get trialDue(): boolean {
    if (this.#fellBackAtMs === undefined) return false;
    const agoMs = this.#tools.clock.nowMs() - this.#fellBackAtMs;
    return agoMs >= dayMs || agoMs < 0;
  }

  /** The server has answered with its own clean end. */
  closed(): void {
    this.#unclosedInARow = 0;
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    this.#tools.learned.set(this.#key, { closed: true });
    if (this.#fellBackAtMs === undefined) return;
    this.#fellBackAtMs = undefined;
    this.#goal = 'drained';
    this.#tools.log.info('server closes after us now; groups are confirmed by that again', {
      server: this.#server.id,
      level: 'drained',
    });
  }

  /** A group was wholly taken, but the server did not close. */
  unclosed(): void {
    this.#unclosedInARow += 1;
    if (this.#fellBackAtMs !== undefined) return this.#remember();
    if (this.#hasClosed || this.#server.confirm !== undefined) return;
    if (this.#unclosedInARow < groupsUntilFallBack) return;
    this.#goal = this.#weaker;
    this.#remember();
    this.#tools.log.warn(
      'server never closes after us, so its confirmation is weaker from now on',
      {
        server: this.#server.id,
        level: this.#goal,
        hint: `${place(this.#server)} took ${groupsUntilFallBack} groups without closing the connection. If it keeps connections open by design, set "confirm: ${this.#goal}" for this server and this warning goes away; if it was frozen, restart it: it is tried again once a day.`,
      },
    );
  }

  /** Any other failure: the groups that were not closed are no longer three in a row. */
  failed(): void {
    this.#unclosedInARow = 0;
  }

  #remember(): void {
    this.#fellBackAtMs = this.#tools.clock.nowMs();
    this.#tools.learned.set(this.#key, { closed: false, fellBackAtMs: this.#fellBackAtMs });
  }

  #explain(): void {
    const { id, confirm } = this.#server;
    if (confirm === 'none') {
      this.#tools.log.warn('lines to this server count as delivered before it has them', {
        server: id,
        hint: 'Remove "confirm: none" unless the collector can not do without: a crash of the collector or of the network loses lines.',
      });
    }
    if (confirm !== 'transport' || this.#weaker === 'transport') return;
    this.#goal = 'none';
    this.#tools.log.warn('confirm: transport needs Linux; here it is the same as none', {
      server: id,
      hint: 'Use "confirm: drained" (the default) for this server, or run duologsync on Linux.',
    });
  }
}

function factOf(value: JsonValue | undefined): { closed: boolean; fellBackAtMs?: number } {
  if (!isObject(value)) return { closed: false };
  const closed = value['closed'] === true;
  const fellBackAtMs = value['fellBackAtMs'];
  return typeof fellBackAtMs === 'number' ? { closed, fellBackAtMs } : { closed };
}
