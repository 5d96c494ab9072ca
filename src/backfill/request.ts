import { createHash } from 'node:crypto';
import { ForwarderError } from '../core/errors.ts';
import type { BackfillRequest } from '../core/requests.ts';
import type { Account } from '../core/types.ts';

/** A feed that there may be a backfill of. */
export interface Named {
  readonly account: Account;
  readonly endpoint: string;
  readonly server: string;
}

type Names = Pick<BackfillRequest, 'endpoints' | 'accounts' | 'servers'>;

const mostNamed = 20;

/** Names a command by what was typed, in whatever order: `30d` stays `30d`, though the days move on. */
export function keyOf(since: string, until: string, names: Names): string {
  const lists = [names.endpoints, names.accounts, names.servers];
  const text = JSON.stringify([since, until, ...lists.map((list) => [...new Set(list)].sort())]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The feeds that are meant. Throws `no_such_feed` for a name that is none, with those that there are. */
export function selected<F extends Named>(feeds: readonly F[], names: Names): readonly F[] {
  const { endpoints, accounts, servers } = names;
  const isOf = (account: Account, name: string): boolean =>
    account.id === name || account.name === name;
  for (const name of endpoints)
    if (!feeds.some(({ endpoint }) => endpoint === name))
      throw unknown(
        'endpoint',
        name,
        feeds.map(({ endpoint }) => endpoint),
      );
  for (const name of accounts)
    if (!feeds.some(({ account }) => isOf(account, name)))
      throw unknown(
        'account',
        name,
        feeds.map(({ account }) => account.id ?? account.name),
      );
  for (const name of servers)
    if (!feeds.some(({ server }) => server === name))
      throw unknown(
        'server',
        name,
        feeds.map(({ server }) => server),
      );
  const found = feeds.filter(
    ({ endpoint, account, server }) =>
      (endpoints.length === 0 || endpoints.includes(endpoint)) &&
      (accounts.length === 0 || accounts.some((name) => isOf(account, name))) &&
      (servers.length === 0 || servers.includes(server)),
  );
  if (found.length > 0) return found;
  throw new ForwarderError('no_such_feed', 'no log of these goes to one of these servers', {
    remedy: 'stop',
    hint: 'A backfill reads what endpoint_server_mappings maps. See all feeds: duologsync status.',
  });
}

function unknown(what: string, name: string, all: readonly string[]): ForwarderError {
  const there = [...new Set(all)];
  const more = there.length > mostNamed ? ', …' : '';
  return new ForwarderError('no_such_feed', `there is no feed of the ${what} '${name}'`, {
    remedy: 'stop',
    hint: `There are these ${what}s: ${there.slice(0, mostNamed).join(', ')}${more}.`,
  });
}
