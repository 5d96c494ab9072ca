import { expect, it } from 'vitest';
import { mainAccount } from '../../src/config/main-account.ts';
import { goodConfig, loadText } from './loading.ts';

it('the account of the config has no id and is called at its own host', async () => {
  const { config } = await loadText(goodConfig());
  if (config === undefined) throw new Error('the config is wrong');
  const { hostname } = config.account;
  expect(mainAccount(config)).toEqual({ id: undefined, name: hostname, apiHost: hostname });
});
