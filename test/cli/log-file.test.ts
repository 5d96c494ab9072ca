import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { prepareLogFile } from '../../src/cli/log-file.ts';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'duologsync-log-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

it('makes a missing log with its folders and leaves one that is there as it is', async () => {
  const file = join(folder, 'a', 'b', 'duologsync.log');
  await prepareLogFile(file);
  expect(await readFile(file, 'utf8')).toBe('');
  await writeFile(file, 'a line\n');
  await prepareLogFile(file);
  expect(await readFile(file, 'utf8')).toBe('a line\n');
});

it('says which setting to change when the log cannot be written', async () => {
  await writeFile(join(folder, 'file'), '');
  for (const wrong of [folder, join(folder, 'file', 'duologsync.log')]) {
    await expect(prepareLogFile(wrong)).rejects.toMatchObject({
      code: 'log_unusable',
      message: expect.stringContaining(wrong) as string,
      hint: expect.stringContaining('dls_settings.log_filepath') as string,
    });
  }
});
