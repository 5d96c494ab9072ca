import type { Account } from '../core/types.ts';
import type { Config } from './schema.ts';

/** The account of the config file. */
export function mainAccount(config: Config): Account {
  const { hostname } = config.account;
  return { id: undefined, name: hostname, apiHost: hostname };
}
