import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nothingResent, readResent, resentPath, saveResent } from '../../src/dead-letter/resent.ts';
import { brokenFileSystem } from '../core/broken-file-system.ts';

let path = '';
beforeEach(async () => {
  path = resentPath(await mkdtemp(join(tmpdir(), 'duologsync-resent-')));
});
afterEach(() => rm(join(path, '..'), { recursive: true, force: true }));

describe('what was sent again', () => {
  it('comes back as it was saved; no file is nothing', async () => {
    expect(await readResent(path)).toEqual(nothingResent);
    const resent = {
      letters: new Set(['a', 'b']),
      files: new Map([['/dls/auth.txt > siem', { bytes: 7, fingerprint: 'f' }]]),
    };
    await saveResent(path, resent);
    expect(await readResent(path)).toEqual(resent);
  });

  it.each(['', 'no json', '[]', '{"format":2,"letters":[],"files":{}}', '{"format":1}'])(
    'is not guessed from a damaged file, or all of it would be sent twice: %j',
    async (text) => {
      await writeFile(path, text);
      await expect(readResent(path)).rejects.toMatchObject({ code: 'resent_unreadable' });
    },
  );

  it('that cannot be written is said, and the old file stays', async () => {
    await saveResent(path, { letters: new Set(['a']), files: new Map() });
    const fs = brokenFileSystem((call) => (call === 'write' ? 'ENOSPC' : undefined));
    await expect(saveResent(path, nothingResent, fs)).rejects.toMatchObject({
      code: 'resent_unwritable',
    });
    expect((await readResent(path)).letters).toEqual(new Set(['a']));
  });

  it('leaves out what is no place in a file', async () => {
    await writeFile(path, '{"format":1,"letters":["a",7],"files":{"x":{"bytes":"many"},"y":1}}');
    expect(await readResent(path)).toEqual({ letters: new Set(['a']), files: new Map() });
  });
});
