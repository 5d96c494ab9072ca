import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostFiles, reasonOf, unreadableConfig } from '../../src/config/host-files.ts';

describe('a file that the config names', () => {
  it('is read to its end, and one byte beyond the limit at most', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'duologsync-files-'));
    try {
      const path = join(folder, 'file');
      await writeFile(path, Buffer.alloc(200_000, 7));
      expect((await hostFiles.read(path, 1_000_000)).length).toBe(200_000);
      expect((await hostFiles.read(path, 70_000)).length).toBe(70_001);
      await writeFile(path, '');
      expect((await hostFiles.read(path, 10)).length).toBe(0);
      await expect(hostFiles.read(join(folder, 'none'), 10)).rejects.toMatchObject({
        code: 'ENOENT',
      });
      if (process.platform !== 'win32') expect((await hostFiles.mode(path)) & 0o400).toBe(0o400);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.runIf(process.platform !== 'win32')(
    'that never ends does not hold the program up',
    async () => {
      expect((await hostFiles.read('/dev/zero', 1000)).length).toBe(1001);
    },
  );

  it('that cannot be read is told in words, and a missing one with another remedy than a forbidden one', () => {
    const error = (code: string): Error => Object.assign(new Error(code), { code });
    expect(reasonOf(error('EACCES'))).toBe('this account may not read it');
    expect(reasonOf(error('EIO'))).toBe('EIO');
    expect(unreadableConfig('c.yml', error('ENOENT')).hint).toContain('a relative one');
    expect(unreadableConfig('c.yml', error('EPERM')).hint).toContain('may read it');
  });
});
