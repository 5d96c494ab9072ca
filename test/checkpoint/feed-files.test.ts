import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FeedFiles } from '../../src/checkpoint/feed-files.ts';
import { nodeFileSystem } from '../../src/core/atomic-file.ts';
import { brokenFileSystem } from '../core/broken-file-system.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'feed-files-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function feed(endpoint: string, accountId: string | undefined, id: string) {
  return { accountId, endpoint, server: { id, protocol: 'TCP', hostname: 'h', port: 1 } };
}

describe('the files of feeds', () => {
  it('are named after endpoint, account id and server id', () => {
    const files = new FeedFiles(directory, nodeFileSystem);
    const nameOf = (...parts: Parameters<typeof feed>) => basename(files.pathOf(feed(...parts)));
    expect(nameOf('auth', undefined, 'siem')).toMatch(/^auth\+siem-[0-9a-f]{8}\.json$/);
    expect(nameOf('auth', 'da1', 'siem')).toMatch(/^auth\+da1\+siem-[0-9a-f]{8}\.json$/);
    expect(nameOf('auth', 'DA1', 'siem')).toMatch(/^auth\+%44%411\+siem-[0-9a-f]{8}\.json$/);
  });

  it('are found by account and endpoint, with one look into the folder for thousands of feeds', async () => {
    let looks = 0;
    const fs = brokenFileSystem((call) => {
      if (call === 'readdir') looks += 1;
      return looks === 1 && call === 'readdir' ? 'EMFILE' : undefined;
    });
    const files = new FeedFiles(directory, fs);
    const feeds = Array.from({ length: 500 }, (_, n) => feed('auth', `da${n}`, 'siem'));
    await Promise.all(feeds.map((identity) => writeFile(files.pathOf(identity), '')));
    await writeFile(`${files.pathOf(feed('auth', undefined, 'old'))}.prev`, '');
    await writeFile(join(directory, 'auth+x-00000000.json.1-0123456789ab.tmp'), '');
    await expect(files.pathsOf({ accountId: 'da7', endpoint: 'auth' })).rejects.toThrow('EMFILE');
    for (const identity of feeds) {
      expect(await files.pathsOf(identity)).toEqual([files.pathOf(identity)]);
    }
    const own = { accountId: undefined, endpoint: 'auth' };
    expect(await files.pathsOf(own)).toEqual([files.pathOf(feed('auth', undefined, 'old'))]);
    await files.added(feed('auth', undefined, 'new'));
    expect(await files.pathsOf(own)).toHaveLength(2);
    expect(looks).toBe(2);
    expect(await files.paths()).toHaveLength((await readdir(directory)).length - 1);
  });
});
