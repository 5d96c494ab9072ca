import { ForwarderError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Row } from '../core/row.ts';
import type { Account } from '../core/types.ts';
import type { DuoApi } from './api.ts';
import { failure } from './failures.ts';

const path = '/accounts/v1/account/list';
const leastAfter429Ms = 60_000;

export interface AccountListOptions {
  readonly api: DuoApi;
  /** The account of the config: its key is one of the Accounts API. */
  readonly parent: Account;
  readonly log: Logger;
}

/**
 * Asks Duo for the child accounts of an MSP: `POST /accounts/v1/account/list`, without paging (Duo documentation).
 * Rows without a usable id or host are left out and said once. Throws what the client throws, with hints of
 * its own where Duo refuses.
 */
export function createAccountList(
  options: AccountListOptions,
): (signal: AbortSignal) => Promise<readonly Account[]> {
  const { api, parent: account, log } = options;
  let told = 0;
  return async (signal) => {
    const answer = await api
      .send({ account, method: 'POST', path, params: {} }, signal)
      .catch((error: unknown) => {
        throw ofAccounts(error);
      });
    const rows = answer.lists.get('');
    if (rows === undefined) {
      throw failure('duo_wrong_shape', 'Duo’s answer holds no list of accounts');
    }
    const children = new Map<string, Account>();
    let skipped = 0;
    for (const row of rows.rows()) {
      const child = childOf(row);
      if (child?.id === undefined) skipped += 1;
      else if (!children.has(child.id)) children.set(child.id, child);
    }
    if (skipped > told) {
      log.warn('Accounts without a usable id or API host are left out', {
        code: 'account_unusable',
        accounts: skipped,
        hint: 'Look at these accounts in the Duo Admin Panel, and report it if they are well there.',
      });
    }
    told = skipped;
    return [...children.values()];
  };
}

function childOf(row: Row): Account | undefined {
  const { account_id: id, name, api_hostname: host } = row.body;
  // An id becomes a part of file names and of the query.
  if (typeof id !== 'string' || !/^[\w-]{1,64}$/.test(id)) return undefined;
  const apiHost = typeof host === 'string' ? apiHostOf(host) : undefined;
  if (apiHost === undefined) return undefined;
  return { id, name: typeof name === 'string' && name !== '' ? name : id, apiHost };
}

/** A host and port as the client takes them, in lower case and without `:443`; undefined when it is more or less. */
export function apiHostOf(text: string): string | undefined {
  const address = `https://${text.trim()}`;
  if (!URL.canParse(address)) return undefined;
  const { host, href } = new URL(address);
  return href === `https://${host}/` ? host : undefined;
}

function ofAccounts(error: unknown): unknown {
  if (!(error instanceof ForwarderError)) return error;
  const { code, message, remedy, scope } = error;
  const like = { remedy, scope, cause: error };
  if (code === 'duo_rate_limited') {
    const retryAfterMs = Math.max(error.retryAfterMs ?? 0, leastAfter429Ms);
    return new ForwarderError(code, message, { ...like, hint: calmly, retryAfterMs });
  }
  if (code !== 'duo_forbidden' && code !== 'duo_not_found') return error;
  return new ForwarderError(code, message, { ...like, hint: wrongKind });
}

const calmly = 'Duo grants only a few calls a minute; the list is asked for again later.';
const wrongKind =
  'is_msp needs the key of an Accounts API application of the parent account (Duo Support enables it); an Admin API key lists no children. Check its permitted networks too.';
