import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTrusted } from '../src/client.ts';
import { twoServers } from './helpers/config.ts';

describe('the client for Duo', () => {
  it('is not made without the certificates that the config names', async () => {
    const config = await twoServers();
    const api = { ...config.dls_settings.api, ca_filepath: join(tmpdir(), 'missing.pem') };
    const wrong = { ...config, dls_settings: { ...config.dls_settings, api } };
    await expect(readTrusted(wrong, undefined)).rejects.toMatchObject({
      code: 'ca_unreadable',
      remedy: 'stop',
      message: expect.stringContaining('missing.pem') as string,
    });
  });

  it("trusts the config's authorities besides those of NODE_EXTRA_CA_CERTS", async () => {
    const path = join(tmpdir(), `duologsync-ca-${process.pid}.pem`);
    await writeFile(path, 'own');
    const config = await twoServers();
    const api = { ...config.dls_settings.api, ca_filepath: path };
    const both = { ...config, dls_settings: { ...config.dls_settings, api } };
    expect(await readTrusted(both, 'extra')).toBe('extra\nown');
    expect(await readTrusted(config, undefined)).toBe('');
  });
});
