import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAccountStore } from '../../src/checkpoint/account-store.ts';
import { nodeFileSystem } from '../../src/core/atomic-file.ts';
import { systemClock } from '../../src/core/clock.ts';
import { recordingLog } from '../engine/parts.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'duologsync-accounts-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

function open() {
  const { log, said } = recordingLog();
  const path = join(folder, 'accounts.json');
  return { path, said, store: openAccountStore({ path, clock: systemClock, log }) };
}

describe('the list of child accounts on disk', () => {
  it('is none at first, without a word', async () => {
    const { store, said } = open();
    expect(await store.load()).toBeUndefined();
    expect(said).toEqual([]);
  });

  it('gives back what was saved, since when one is missing too', async () => {
    const account = fc.record(
      {
        id: fc.string({ minLength: 1 }),
        name: fc.string(),
        apiHost: fc.string(),
        missingSinceMs: fc.integer({ min: 0 }),
      },
      { requiredKeys: ['id', 'name', 'apiHost'] },
    );
    const { store } = open();
    await fc.assert(
      fc.asyncProperty(fc.array(account), async (accounts) => {
        await store.save(accounts);
        expect(await open().store.load()).toEqual(accounts.map((one) => ({ ...one })));
      }),
      { numRuns: 20 },
    );
    expect(await readdir(folder)).toEqual(['accounts.json']);
  });

  it.each([
    ['half', '{"format":1,"acc'],
    ['of a newer version', '{"format":2,"accounts":[]}'],
    ['of another shape', '[1]'],
    ['without accounts', '{"format":1}'],
    ['not UTF-8', Buffer.from([0xff, 0xfe])],
  ])('counts as none when it is %s, with a warning', async (_name, text) => {
    const { path, store, said } = open();
    await writeFile(path, text);
    expect(await store.load()).toBeUndefined();
    expect(said).toMatchObject([{ level: 'warn', fields: { code: 'accounts_unreadable' } }]);
  });

  it('leaves out single entries that make no sense', async () => {
    const { path, store } = open();
    const good = { id: 'DA1', name: 'one', apiHost: 'one.test' };
    await writeFile(path, JSON.stringify({ format: 1, accounts: [1, { id: 'DA2' }, good] }));
    expect(await store.load()).toEqual([good]);
  });

  it('stays whole when a save fails', async () => {
    const { path, store } = open();
    const list = [{ id: 'DA1', name: 'one', apiHost: 'one.test' }];
    await store.save(list);
    const fs = {
      ...nodeFileSystem,
      rename: async () => {
        throw new Error('no space left');
      },
    };
    const { log } = recordingLog();
    const failing = openAccountStore({ path, clock: systemClock, log, fs });
    await expect(failing.save([])).rejects.toThrow('no space left');
    expect(await store.load()).toEqual(list);
    expect(await readdir(folder)).toEqual(['accounts.json']);
  });
});
