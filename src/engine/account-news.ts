import type { ForwarderError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Account, KnownAccount } from '../core/types.ts';
import type { BlockList } from './block-list.ts';

const mostNamed = 20;
const longestName = 60;

/** What the log tells of child accounts: one line for all of a kind, however many they are. */
export class AccountNews {
  readonly #log: Logger;
  readonly #blocked: BlockList;
  #told = new Map<string | undefined, KnownAccount>();

  constructor(log: Logger, blocked: BlockList) {
    this.#log = log;
    this.#blocked = blocked;
  }

  /** Duo Log Sync took no notice of `block_list`: whom it leaves out now is said by name. */
  first(listed: readonly Account[]): void {
    const out = listed.filter((account) => this.#blocked.has(account));
    if (out.length === 0) return;
    this.#log.warn('block_list leaves these accounts out from now on', {
      code: 'accounts_left_out',
      ...named(out),
      hint: 'Duo Log Sync took no notice of block_list: remove the entries of accounts that are to be read.',
    });
  }

  start(known: readonly KnownAccount[], used: readonly KnownAccount[], from: string): void {
    const left = known.length - used.length;
    this.#log.info('Child accounts are read', { accounts: used.length, left_out: left, from });
    const unused = this.#blocked.unused(known);
    if (unused.length > 0) {
      this.#log.warn('These entries of block_list fit no account', {
        code: 'block_list_unused',
        count: unused.length,
        entries: listOf(unused.map(clip), unused.length),
      });
    }
    this.#told = byId(used);
  }

  changes(used: readonly KnownAccount[]): void {
    const now = byId(used);
    const before = this.#told;
    this.#told = now;
    this.#tell('Child accounts are new', notIn(used, before));
    this.#tell('Child accounts are gone, their feeds end', notIn([...before.values()], now));
    const both = used.flatMap((account) => {
      const old = before.get(account.id);
      return old === undefined ? [] : [{ account, old }];
    });
    const pick = (is: (account: KnownAccount, old: KnownAccount) => boolean): KnownAccount[] =>
      both.filter(({ account, old }) => is(account, old)).map(({ account }) => account);
    this.#tell(
      'Child accounts are missing from the list; if the next one lacks them too, their feeds end',
      pick((account, old) => isMissing(account) && !isMissing(old)),
    );
    this.#tell(
      'Child accounts that were missing are back',
      pick((account, old) => !isMissing(account) && isMissing(old)),
    );
    this.#tell(
      'Child accounts have another name or API host, their feeds follow',
      pick((account, old) => account.name !== old.name || account.apiHost !== old.apiHost),
    );
  }

  /** `hasList`: whether an older list is gone on with. */
  trouble({ code, message, hint }: ForwarderError, hasList: boolean, waitMs: number): void {
    const fields = { code, message, next_try_seconds: Math.round(waitMs / 1000), hint };
    if (hasList) {
      this.#log.warn('The child accounts cannot be listed; the last known list is used', fields);
    } else {
      this.#log.error('The child accounts cannot be listed, none is known; tried again', fields);
    }
  }

  wellAgain(): void {
    this.#log.info('The child accounts are listed again');
  }

  #tell(sentence: string, accounts: readonly Account[]): void {
    if (accounts.length > 0) this.#log.info(sentence, named(accounts));
  }
}

function byId(accounts: readonly KnownAccount[]): Map<string | undefined, KnownAccount> {
  return new Map(accounts.map((account) => [account.id, account]));
}

function notIn(
  accounts: readonly KnownAccount[],
  others: ReadonlyMap<string | undefined, KnownAccount>,
): readonly KnownAccount[] {
  return accounts.filter(({ id }) => !others.has(id));
}

function isMissing({ missingSinceMs }: KnownAccount): boolean {
  return missingSinceMs !== undefined;
}

function named(accounts: readonly Account[]): {
  readonly count: number;
  readonly accounts: string;
} {
  const some = accounts.slice(0, mostNamed).map(({ id, name }) => `${clip(name)} (${id ?? ''})`);
  return { count: accounts.length, accounts: listOf(some, accounts.length) };
}

function listOf(texts: readonly string[], count: number): string {
  const some = texts.slice(0, mostNamed);
  const more = count - some.length;
  return `${some.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function clip(text: string): string {
  const characters = [...text];
  return characters.length <= longestName ? text : `${characters.slice(0, longestName).join('')}…`;
}
