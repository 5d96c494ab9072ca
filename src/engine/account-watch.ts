/** Who the accounts are: the one of the config, or an MSP's children, which come and go. */
import { Backoff, type BackoffOptions } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { ForwarderError, asForwarderError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Account, KnownAccount } from '../core/types.ts';
import { AccountNews } from './account-news.ts';
import type { BlockList } from './block-list.ts';

export interface AccountSource {
  /**
   * Hands over the whole set at the start and after each change, until `stop`; one that never changes ends
   * at once. Resolves to whether the set was known as it is now. Never rejects.
   */
  watch(change: (accounts: readonly Account[]) => void, stop: AbortSignal): Promise<boolean>;
}

/** The last known list, on disk. */
export interface AccountMemory {
  /** Undefined: there is none. Never rejects. */
  load(): Promise<readonly KnownAccount[] | undefined>;
  save(accounts: readonly KnownAccount[]): Promise<void>;
}

export interface AccountWatchOptions {
  /** Asks for the list of now. */
  list(signal: AbortSignal): Promise<readonly Account[]>;
  readonly memory: AccountMemory;
  readonly blocked: BlockList;
  readonly clock: Clock;
  readonly log: Logger;
  /** The pause between two lists. */
  readonly refreshMs: number;
  /** The pause after a list that failed. */
  readonly retry: BackoffOptions;
  /** Asks once, and does with the last known list when that fails. */
  readonly once: boolean;
  /** Hears of each list that failed, with the time to the next, and of the one that is well again. */
  readonly heard?: (failure: ForwarderError | undefined, nextInMs: number) => void;
}

export function fixedAccounts(accounts: readonly Account[]): AccountSource {
  return {
    async watch(change) {
      change(accounts);
      return true;
    },
  };
}

export function watchAccounts(options: AccountWatchOptions): AccountSource {
  return { watch: (change, stop) => new Watch(options, change).until(stop) };
}

/**
 * The accounts to read after a list: those of the list, and those that it is the first to lack. One that was
 * lacking `apartMs` ago already is gone. A clock that was set back begins this anew.
 */
export function mergeList(
  known: readonly KnownAccount[],
  listed: readonly Account[],
  nowMs: number,
  apartMs: number,
): readonly KnownAccount[] {
  const ids = new Set(listed.map(({ id }) => id));
  const missing = known.flatMap((account) => {
    if (ids.has(account.id)) return [];
    const missingSinceMs = Math.min(account.missingSinceMs ?? nowMs, nowMs);
    return nowMs - missingSinceMs >= apartMs ? [] : [{ ...account, missingSinceMs }];
  });
  return [...listed, ...missing];
}

class Watch {
  readonly #options: AccountWatchOptions;
  readonly #change: (accounts: readonly Account[]) => void;
  readonly #news: AccountNews;
  readonly #backoff: Backoff;
  /** Blocked ones too; undefined: no list was ever read. */
  #known: readonly KnownAccount[] | undefined;
  #saved = '';
  #saveFails = false;
  #trouble: string | undefined;
  #started = false;

  constructor(options: AccountWatchOptions, change: (accounts: readonly Account[]) => void) {
    this.#options = options;
    this.#change = change;
    this.#news = new AccountNews(options.log, options.blocked);
    this.#backoff = new Backoff(options.retry);
  }

  async until(stop: AbortSignal): Promise<boolean> {
    const { memory, clock, refreshMs, once } = this.#options;
    this.#known = await memory.load();
    while (!stop.aborted) {
      let waitMs = refreshMs;
      let well = true;
      try {
        await this.#refresh(stop);
      } catch (error) {
        if (stop.aborted) break;
        well = false;
        const failure = asForwarderError(error);
        waitMs = this.#backoff.next(failure.retryAfterMs);
        this.#fail(failure, waitMs);
      }
      if (once) return well;
      await clock.sleep(waitMs, stop);
    }
    return false;
  }

  async #refresh(stop: AbortSignal): Promise<void> {
    const { clock, refreshMs } = this.#options;
    const listed = await this.#options.list(stop);
    if (listed.length === 0) throw noAccounts();
    if (this.#known === undefined) this.#news.first(listed);
    // Two lists are never quite an hour apart; a bit less is an hour too.
    const known = mergeList(this.#known ?? [], listed, clock.nowMs(), 0.9 * refreshMs);
    this.#backoff.reset();
    if (this.#trouble !== undefined) this.#news.wellAgain();
    this.#trouble = undefined;
    this.#options.heard?.(undefined, 0);
    this.#use(known, 'Duo');
    await this.#save(known);
  }

  #use(known: readonly KnownAccount[], from: string): void {
    const { blocked } = this.#options;
    this.#known = known;
    const accounts = known.filter((account) => !blocked.has(account));
    if (this.#started) this.#news.changes(accounts);
    else this.#news.start(known, accounts, from);
    this.#started = true;
    this.#change(accounts);
  }

  #fail(failure: ForwarderError, waitMs: number): void {
    const known = this.#known ?? [];
    this.#options.heard?.(failure, waitMs);
    if (this.#trouble !== failure.code) {
      this.#news.trouble(failure, known.length > 0, waitMs);
    }
    this.#trouble = failure.code;
    if (!this.#started && known.length > 0) this.#use(known, 'the last known list');
  }

  async #save(known: readonly KnownAccount[]): Promise<void> {
    const text = JSON.stringify(known);
    if (text === this.#saved) return;
    try {
      await this.#options.memory.save(known);
      this.#saved = text;
      this.#saveFails = false;
    } catch (error) {
      if (!this.#saveFails) {
        this.#options.log.warn('The list of child accounts cannot be saved, it is tried again', {
          code: 'accounts_not_saved',
          why: messageOf(error),
        });
      }
      this.#saveFails = true;
    }
  }
}

/** What an empty list is: a failure of the list, because an account is not an MSP's for nothing. */
export function noAccounts(): ForwarderError {
  return new ForwarderError('accounts_empty', 'Duo listed no child account', {
    scope: 'account',
    hint: 'Check in the Duo Admin Panel that this account has child accounts; without any, set account.is_msp to false and use the key of an Admin API application.',
  });
}
