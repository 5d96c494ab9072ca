import type { ForwarderError } from '../core/errors.ts';
import type { Dialer } from './connection.ts';
import { Conversation, type ConversationTools, type Goal } from './conversation.ts';

/** The connections of one server: a new one for each group at `drained`, else one that is kept. */
export class Connections {
  readonly #dialer: Dialer;
  readonly #tools: ConversationTools;
  readonly #whenOver: (error: ForwarderError) => void;
  readonly #busy = new Set<Conversation>();
  #kept: Conversation | undefined;

  /** `whenOver` hears of every connection that ends other than by us. */
  constructor(dialer: Dialer, tools: ConversationTools, whenOver: (error: ForwarderError) => void) {
    this.#dialer = dialer;
    this.#tools = tools;
    this.#whenOver = whenOver;
  }

  async open(goal: Goal, signal: AbortSignal): Promise<Conversation> {
    if (goal !== 'drained' && this.#kept?.isOpen === true) {
      if (this.#dialer.hidesRenewal !== true) return this.#kept;
      this.#kept.close();
    }
    const connection = await this.#dialer.connect(signal);
    const conversation = new Conversation(connection, this.#tools, this.#whenOver);
    this.#busy.add(conversation);
    if (signal.aborted) conversation.abandon();
    if (goal !== 'drained') this.#kept = conversation;
    return conversation;
  }

  /** Nothing is under way on it now. */
  done(conversation: Conversation): void {
    this.#busy.delete(conversation);
  }

  /** What is under way is broken off, what is idle ends in good order. */
  close(): void {
    for (const conversation of this.#busy) conversation.abandon();
    if (this.#kept?.isOpen === true) this.#kept.close();
  }
}
