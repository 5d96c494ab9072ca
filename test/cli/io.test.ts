import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { processIo, say } from '../../src/cli/io.ts';
import { fakeIo } from './fake-io.ts';

describe('the world of a command', () => {
  it('is that of the process', () => {
    expect(processIo).toMatchObject({ platform: process.platform, home: homedir() });
    expect(processIo.signals).toBe(process);
    expect(processIo.stdout).toBe(process.stdout);
  });

  it('is told things line by line', () => {
    const io = fakeIo();
    say(io.stdout, 'one');
    say(io.stdout, 'two');
    expect(io.out()).toBe('one\ntwo\n');
  });
});
