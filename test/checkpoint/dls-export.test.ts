import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoredCheckpoint } from '../../src/checkpoint/checkpoint.ts';
import { exportDls } from '../../src/checkpoint/dls-export.ts';
import { findDlsCheckpoint } from '../../src/checkpoint/dls-import.ts';

let parent: string;
let directory: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'dls-export-'));
  directory = join(parent, 'new');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

function stored(
  endpoint: string,
  positionMs: number,
  more: { id?: string; server?: string; accountId?: string } = {},
): StoredCheckpoint {
  const server = { id: more.server ?? 'siem', protocol: 'TCP', hostname: 'siem', port: 514 };
  const cursor = {
    positionMs,
    ...(more.id === undefined ? {} : { positionId: more.id }),
    readToMs: positionMs,
    rereadAtMs: 0,
    idsSinceMs: 0,
    taken: '',
    fullest: 0,
  };
  const identity = { accountId: more.accountId, endpoint, server };
  return { identity, checkpoint: { cursor }, savedAtMs: 0 };
}

async function contents(): Promise<Record<string, string>> {
  const names = (await readdir(directory)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return Object.fromEntries(names.map((name, at) => [name, texts[at] ?? '']));
}

const ms = 1771008980351;

describe('going back to Duo Log Sync', () => {
  it('writes the files that DLS reads, at positions where it loses nothing', async () => {
    const written = await exportDls(
      [
        stored('auth', ms, { id: 'tx"1' }),
        stored('auth', ms, { accountId: 'DA1' }),
        stored('telephony', ms, { id: 't' }),
        stored('activity', ms),
        stored('adminaction', ms - 351),
        stored('trustmonitor', ms),
        stored('offline_enrollment', ms),
      ],
      directory,
    );
    expect(await contents()).toEqual({
      'activity_checkpoint_data.txt': '"1771008980351,"\n',
      'adminaction_checkpoint_data.txt': '1771008980\n',
      'auth_checkpoint_data.txt': '["1771008980351", "tx\\"1"]\n',
      'auth_checkpoint_data_DA1.txt': '1771008980\n',
      'telephony_checkpoint_data.txt': '"1771008980351,t"\n',
      'trustmonitor_checkpoint_data.txt': '1771008980351\n',
    });
    expect(written).toHaveLength(6);
    expect(written[0]).toEqual({
      file: join(directory, 'auth_checkpoint_data.txt'),
      endpoint: 'auth',
      accountId: undefined,
      positionMs: ms,
    });
  });

  it('begins where the server that is furthest behind stands', async () => {
    await exportDls(
      [
        stored('auth', ms + 5, { id: 'b', server: 'b' }),
        stored('auth', ms, { id: 'a', server: 'a' }),
        stored('auth', ms + 9, { id: 'c', server: 'c' }),
      ],
      directory,
    );
    expect(await contents()).toEqual({ 'auth_checkpoint_data.txt': '["1771008980351", "a"]\n' });
  });

  it('overwrites only when told so, and else writes nothing at all', async () => {
    await exportDls([stored('auth', ms)], directory);
    const again = exportDls([stored('activity', ms), stored('auth', ms + 5000)], directory);
    await expect(again).rejects.toMatchObject({ code: 'export_exists', remedy: 'stop' });
    expect(Object.keys(await contents())).toEqual(['auth_checkpoint_data.txt']);
    await exportDls([stored('auth', ms + 5000)], directory, { force: true });
    expect(await contents()).toEqual({ 'auth_checkpoint_data.txt': '1771008985\n' });
  });

  it('never leaves the folder, whatever an account is called', async () => {
    await exportDls([stored('auth', ms, { accountId: '../x/../../y' })], directory);
    expect(Object.keys(await contents())).toHaveLength(1);
  });

  it('says where it cannot write', async () => {
    await writeFile(directory, 'a file');
    await expect(exportDls([stored('auth', ms)], directory)).rejects.toMatchObject({
      code: 'export_failed',
    });
  });

  it('is understood when it is taken over again', async () => {
    await exportDls([stored('auth', ms, { id: 'tx' })], directory);
    const options = { directories: [directory], endpoint: 'auth', accountId: undefined };
    expect(await findDlsCheckpoint(options)).toMatchObject({
      positionId: 'tx',
      candidates: [{ positionMs: ms, reading: 'exact' }],
    });
  });
});
