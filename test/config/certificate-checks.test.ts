import { createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { codesOf, goodConfig, loadText } from './loading.ts';
import type { LoadResult } from '../../src/config/load.ts';

const authority = createAuthority();
const client = authority.issue({ names: ['client'], client: true });
const other = authority.issue({ names: ['other'], client: true });
const encrypted = createPrivateKey(client.keyPem)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'geheim' })
  .toString();

const others = {
  'ca.pem': authority.certPem,
  'bundle.pem': `some words\n${client.keyPem}${other.certPem}${authority.certPem}`,
  'broken.pem': authority.certPem.replace(/\n[^\n]{20}/, '\n'),
  'ca.der': '0\u0082binary',
  'client.pem': client.certPem,
  'client.key': client.keyPem,
  'other.key': other.keyPem,
  'encrypted.key': encrypted,
  passphrase: 'geheim\n',
};

function tls(...lines: readonly string[]): Promise<LoadResult> {
  const text = goodConfig(["'TCP'", ["'TCPSSL'", ...lines].join('\n    ')]);
  return loadText(text, { others });
}

const trust = 'cert_filepath: ca.pem';

describe('the certificates of a TCPSSL server', () => {
  it('may stand in one file with others, and with a key besides', async () => {
    for (const file of ['ca.pem', 'bundle.pem']) {
      const { config, problems } = await tls(`cert_filepath: ${file}`);
      expect(problems).toEqual([]);
      expect(config?.servers[0]?.cert_filepath).toBe(file);
    }
  });

  it.each([
    ['cert_filepath: none.pem', 'error certificate_unreadable'],
    ['cert_filepath: client.key', 'error certificate_missing'],
    ['cert_filepath: ca.der', 'error certificate_missing'],
    ['cert_filepath: broken.pem', 'error certificate_broken'],
  ])('%s is %s', async (line, code) => {
    expect(codesOf(await tls(line))).toEqual([code]);
  });

  it('in DER form are told with the command that converts them', async () => {
    const { problems } = await tls('cert_filepath: ca.der');
    expect(problems[0]?.fix).toContain('openssl x509 -inform der');
  });

  it('are not looked at for TCP and UDP, as in DLS', async () => {
    for (const protocol of ['TCP', 'UDP']) {
      const text = goodConfig(["'TCP'", `'${protocol}'\n    cert_filepath: none.pem`]);
      const { config, problems } = await loadText(text);
      expect(problems).toEqual([]);
      expect(config?.servers[0]?.cert_filepath).toBeUndefined();
    }
  });
});

describe('the certificate that is shown to a server', () => {
  it('loads with its key, and with the passphrase of that key from either place', async () => {
    const cert = 'client_cert_filepath: client.pem';
    for (const lines of [
      ['client_key_filepath: client.key'],
      ['client_key_filepath: encrypted.key', "client_key_passphrase: 'geheim'"],
      ['client_key_filepath: encrypted.key', 'client_key_passphrase_file: passphrase'],
    ])
      expect((await tls(trust, cert, ...lines)).problems).toEqual([]);
    const { config } = await tls(
      trust,
      cert,
      'client_key_filepath: encrypted.key',
      'client_key_passphrase_file: passphrase',
    );
    expect(config?.servers[0]?.client_key_passphrase?.reveal()).toBe('geheim');
  });

  it.each([
    [['client_cert_filepath: client.pem'], 'error client_certificate_half'],
    [['client_key_filepath: client.key'], 'error client_certificate_half'],
    [
      ['client_cert_filepath: client.pem', 'client_key_filepath: other.key'],
      'error client_key_wrong',
    ],
    [
      ['client_cert_filepath: client.pem', 'client_key_filepath: encrypted.key'],
      'error client_key_encrypted',
    ],
    [
      [
        'client_cert_filepath: client.pem',
        'client_key_filepath: encrypted.key',
        'client_key_passphrase: falsch',
      ],
      'error client_key_encrypted',
    ],
    [
      ['client_cert_filepath: client.pem', 'client_key_filepath: ca.pem'],
      'error client_key_broken',
    ],
    [
      ['client_cert_filepath: client.pem', 'client_key_filepath: none.key'],
      'error certificate_unreadable',
    ],
  ])('%j is %s', async (lines, code) => {
    expect(codesOf(await tls(trust, ...lines))).toEqual([code]);
  });
});

describe('the certificates trusted for Duo', () => {
  it('are checked like those of a server', async () => {
    const text = (file: string): string =>
      goodConfig(['    offset: 30', `    ca_filepath: ${file}\n    offset: 30`]);
    expect((await loadText(text('ca.pem'), { others })).problems).toEqual([]);
    expect(codesOf(await loadText(text('none.pem'), { others }))).toEqual([
      'error certificate_unreadable',
    ]);
  });
});
