import { describe, expect, it } from 'vitest';
import { credentialNames } from '../../src/config/credentials.ts';
import { goodConfig, skey } from './loading.ts';

describe('the credentials of a config', () => {
  it('are named once each, wherever they are used', () => {
    const text = goodConfig(
      [`skey: '${skey}'`, 'skey_credential: duo-skey'],
      [
        "    protocol: 'TCP'",
        "    protocol: 'TCP'\n    client_key_passphrase_credential: 'key'\n  - client_key_passphrase_credential: key",
      ],
    );
    expect(credentialNames(text)).toEqual(['key', 'duo-skey']);
  });

  it('are none in a config without any, in an empty one, and in what is no YAML', () => {
    for (const text of [goodConfig(), '', 'skey_credential: [', "skey_credential: '../x'"])
      expect(credentialNames(text)).toEqual([]);
  });
});
