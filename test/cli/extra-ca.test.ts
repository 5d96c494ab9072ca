import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extraCa } from '../../src/cli/extra-ca.ts';
import { fakeIo } from './fake-io.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologsync-ca-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the certificates of NODE_EXTRA_CA_CERTS', () => {
  it("are handed to the client, which has certificates of its own besides Node's", async () => {
    const file = join(folder, 'ca.pem');
    await writeFile(file, 'a certificate');
    expect(await extraCa(fakeIo({ env: { NODE_EXTRA_CA_CERTS: file } }))).toBe('a certificate');
  });

  it('are none when the variable is empty, absent or names no file, as with Node', async () => {
    for (const env of [
      {},
      { NODE_EXTRA_CA_CERTS: '' },
      { NODE_EXTRA_CA_CERTS: join(folder, 'missing.pem') },
    ]) {
      expect(await extraCa(fakeIo({ env }))).toBeUndefined();
    }
  });
});
