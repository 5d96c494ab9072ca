import type { Account } from '../core/types.ts';

/** As in the config file's `endpoint_server_mappings`. */
export interface Mapping {
  readonly endpoints: readonly string[];
  readonly server: string;
}

export interface PlannedFeed {
  readonly id: string;
  readonly account: Account;
  readonly endpoint: string;
  readonly server: string;
}

/** Which feeds there are: every account × every mapped endpoint × its servers, each once. */
export function planFeeds(
  accounts: readonly Account[],
  mappings: readonly Mapping[],
): readonly PlannedFeed[] {
  const feeds = new Map<string, PlannedFeed>();
  for (const account of accounts) {
    for (const { endpoints, server } of mappings) {
      for (const endpoint of endpoints) {
        const id = feedId(account, endpoint, server);
        feeds.set(id, { id, account, endpoint, server });
      }
    }
  }
  return [...feeds.values()];
}

/** For people: `auth > siem`, a child's `auth DAXXXX > siem`. */
function feedId(account: Account, endpoint: string, server: string): string {
  return `${endpoint}${account.id === undefined ? '' : ` ${account.id}`} > ${server}`;
}
