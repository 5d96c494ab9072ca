import { join } from 'node:path';
import type { AppOptions } from './app.ts';
import { openAccountStore } from './checkpoint/account-store.ts';
import type { Account } from './core/types.ts';
import { createAccountList } from './duo/accounts.ts';
import type { DuoApi } from './duo/api.ts';
import {
  type AccountMemory,
  type AccountSource,
  type AccountWatchOptions,
  watchAccounts,
} from './engine/account-watch.ts';
import { createBlockList } from './engine/block-list.ts';

const hourMs = 3_600_000;

/** The child accounts of an MSP, without those of `block_list`; listed anew each hour. */
export function childAccounts(
  options: AppOptions,
  api: DuoApi,
  parent: Account,
  heard: AccountWatchOptions['heard'] = () => undefined,
): AccountSource {
  const { config, stateDirectory, clock, log, overrides } = options;
  const { listSeconds, once = false } = overrides;
  const memory =
    stateDirectory === undefined
      ? nothing
      : openAccountStore({ path: join(stateDirectory, 'accounts.json'), clock, log });
  return watchAccounts({
    list: createAccountList({ api, parent, log }),
    memory,
    blocked: createBlockList(config.account.block_list),
    clock,
    log,
    refreshMs: listSeconds === undefined ? hourMs : listSeconds * 1000,
    retry: { baseMs: 5_000, capMs: hourMs },
    once,
    heard,
  });
}

const nothing: AccountMemory = { load: async () => undefined, save: async () => undefined };
