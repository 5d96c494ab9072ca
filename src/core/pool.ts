/** One user's hold on a thing that several share. */
export interface Lease<T> {
  readonly value: T;
  /** The user needs it no more; a second call does nothing. */
  end(): void;
}

interface Shared<T> {
  readonly value: T;
  users: number;
}

/** Things that several users share, by key: opened for the first of them, closed after the last. */
export class Pool<T> {
  readonly #close: (value: T) => Promise<void> | void;
  readonly #open = new Map<string, Shared<T>>();
  readonly #closing = new Set<Promise<void>>();

  /** `close` must not reject. */
  constructor(close: (value: T) => Promise<void> | void) {
    this.#close = close;
  }

  get values(): readonly T[] {
    return [...this.#open.values()].map(({ value }) => value);
  }

  usersOf(key: string): number {
    return this.#open.get(key)?.users ?? 0;
  }

  use(key: string, open: () => T): Lease<T> {
    let shared = this.#open.get(key);
    if (shared === undefined) this.#open.set(key, (shared = { value: open(), users: 0 }));
    const held = shared;
    held.users += 1;
    let ended = false;
    return {
      value: held.value,
      end: () => {
        if (ended) return;
        ended = true;
        held.users -= 1;
        if (held.users === 0) this.#letGo(key, held);
      },
    };
  }

  /** Closes what is still open, whoever uses it, and waits for all that is closing. */
  async close(): Promise<void> {
    for (const [key, shared] of this.#open) this.#letGo(key, shared);
    await Promise.all(this.#closing);
  }

  #letGo(key: string, shared: Shared<T>): void {
    if (this.#open.get(key) !== shared) return;
    this.#open.delete(key);
    const closing = Promise.resolve(this.#close(shared.value)).finally(() => {
      this.#closing.delete(closing);
    });
    this.#closing.add(closing);
  }
}
