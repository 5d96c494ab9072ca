import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { homeFolder, processIo, say } from '../../src/cli/io.ts';
import { fakeIo } from './fake-io.ts';

describe('the world of a command', () => {
  it('is that of the process', () => {
    expect(processIo).toMatchObject({ platform: process.platform, home: homedir() });
    expect(processIo.signals).toBe(process);
    expect(processIo.stdout).toBe(process.stdout);
  });

  it('has a home even for a user that the system does not know', () => {
    const unknown = (): string => {
      throw new Error('uv_os_homedir returned ENOENT');
    };
    expect(homeFolder(unknown)).toBe('/');
    expect(homeFolder(() => '/home/me')).toBe('/home/me');
  });

  it('is told things line by line', () => {
    const io = fakeIo();
    say(io.stdout, 'one');
    say(io.stdout, 'two');
    expect(io.out()).toBe('one\ntwo\n');
  });
});
