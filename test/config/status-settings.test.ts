import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { statusPort } from '../../src/config/status-settings.ts';
import { goodConfig, loadText } from './loading.ts';

const settings = z.strictObject(statusPort);

async function codes(...lines: readonly string[]): Promise<(string | undefined)[]> {
  const text = lines.map((line) => `  ${line}\n`).join('');
  const { problems } = await loadText(goodConfig(['dls_settings:\n', `dls_settings:\n${text}`]));
  return problems.filter(({ severity }) => severity === 'error').map(({ code }) => code);
}

describe('the settings of the status port', () => {
  it('are off by default, and on this machine alone', () => {
    expect(settings.parse({})).toEqual({
      status_address: '127.0.0.1',
      status_hosts: [],
      status_account_label: true,
    });
    expect(settings.safeParse({ status_port: 0 }).success).toBe(false);
    expect(settings.safeParse({ status_port: 65_536 }).success).toBe(false);
  });

  it('need a token when others can reach the port', async () => {
    const port = 'status_port: 8686';
    const everywhere = "status_address: '0.0.0.0'";
    expect(await codes(port)).toEqual([]);
    expect(await codes(port, "status_address: '127.0.0.1'")).toEqual([]);
    expect(await codes(port, "status_address: '::1'")).toEqual([]);
    expect(await codes(port, everywhere)).toEqual(['status_token_missing']);
    expect(await codes(port, everywhere, "status_token: 'a-long-random-word'")).toEqual([]);
  });

  it('refuse a token that can be guessed, wherever it comes from', async () => {
    expect(await codes("status_token: 'short'")).toEqual(['status_token_short']);
    const print = `status_token_command: ['${process.execPath}', '-p', '1']`;
    expect(await codes(print)).toEqual(['status_token_short']);
  });

  it('refuse a name as the address', async () => {
    expect(await codes("status_address: 'localhost'")).toEqual(['status_address']);
  });
});
