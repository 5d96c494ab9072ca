import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { realSystem } from '../../../src/cli/service/system.ts';

describe('the machine', () => {
  it('runs a program without a shell and tells its exit code and what it said', async () => {
    const code = 'process.stdout.write(process.argv[1]); console.error("e"); process.exitCode = 7';
    expect(await realSystem.run([process.execPath, '-e', code, '$HOME && x'])).toEqual({
      code: 7,
      stdout: '$HOME && x',
      stderr: 'e\n',
    });
  });

  it('tells a program that is not there by 127', async () => {
    const { code, stderr } = await realSystem.run(['no-such-program-here']);
    expect(code).toBe(127);
    expect(stderr).toContain('ENOENT');
  });

  it('writes a file with its folder, and removes it, also twice', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'duologsync-system-'));
    try {
      const file = join(folder, 'a', 'b.txt');
      await realSystem.write(file, 'text');
      expect(await readFile(file, 'utf8')).toBe('text');
      expect(await realSystem.realpath(file)).toBeDefined();
      await realSystem.remove(file);
      await realSystem.remove(file);
      expect(await realSystem.realpath(file)).toBeUndefined();
      await realSystem.makeFolder(join(folder, 'a'));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
