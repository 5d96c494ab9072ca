import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IssuedCertificate } from '../../../src/simulator/certificates.ts';

/** PEM files in a folder of their own. */
export interface PemFolder {
  put(name: string, text: string): Promise<string>;
  putPair(name: string, pair: IssuedCertificate): Promise<{ cert: string; key: string }>;
  remove(): Promise<void>;
}

export async function pemFolder(): Promise<PemFolder> {
  const directory = await mkdtemp(join(tmpdir(), 'pem-'));
  const put = async (name: string, text: string): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, text);
    return path;
  };
  return {
    put,
    putPair: async (name, { certPem, keyPem }) => ({
      cert: await put(`${name}.crt`, certPem),
      key: await put(`${name}.key`, keyPem),
    }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
