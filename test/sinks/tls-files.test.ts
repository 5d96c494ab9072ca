import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../src/simulator/certificates.ts';
import type { ServerOptions } from '../../src/sinks/sink.ts';
import { readMaterial } from '../../src/sinks/tls-files.ts';
import { serverAt } from './helpers/tools.ts';

describe('the certificate files of a server', () => {
  const authority = createAuthority();
  const own = authority.issue({ names: ['client'], client: true });
  const other = authority.issue({ names: ['client'], client: true });
  const texts: Readonly<Record<string, string>> = {
    'ca.pem': authority.certPem,
    'key-only.pem': own.keyPem,
    'broken.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    'own.crt': own.certPem,
    'own.key': own.keyPem,
    'other.key': other.keyPem,
    'both.pem': own.keyPem + own.certPem,
  };
  const files = {
    readFile: async (path: string): Promise<Buffer> => {
      const text = texts[path];
      if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
      return Buffer.from(text);
    },
  };
  const material = (server: Partial<ServerOptions>) => readMaterial(serverAt(1, server), files);

  it("leave Node's trust alone when none is named", async () => {
    expect(await material({})).toEqual({ ca: undefined, cert: undefined, key: undefined });
  });

  it('may hold certificate and key in one', async () => {
    const { cert, key } = await material({ clientCertFile: 'both.pem' });
    expect(cert).toBe(own.certPem.trim());
    expect(key).toContain(own.keyPem.trim());
  });

  it.each([
    ['that is not there', { certFile: 'none.pem' }, 'tls_file_unreadable', 'none.pem'],
    [
      'without a certificate',
      { certFile: 'key-only.pem' },
      'tls_file_without_certificate',
      'key-only.pem',
    ],
    ['that is damaged', { certFile: 'broken.pem' }, 'tls_file_damaged', 'broken.pem'],
    [
      'with the key of another',
      { clientCertFile: 'own.crt', clientKeyFile: 'other.key' },
      'tls_key_of_another',
      'other.key',
    ],
    ['without the key', { clientCertFile: 'own.crt' }, 'tls_key_unreadable', 'own.crt'],
  ])('are named when one is given %s', async (_, server, code, path) => {
    await expect(material(server)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(path) as string,
    });
  });
});
