import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepRecord, lockProgram } from '../../src/cli/change-checkpoint.ts';
import { fakeIo } from './fake-io.ts';

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'duologsync-change-'));
});
afterEach(() => rm(state, { recursive: true }));

describe('a command that writes checkpoints', () => {
  it('keeps the program, and other such commands, away until it has ended', async () => {
    const lock = await lockProgram(state, fakeIo());
    await expect(lockProgram(state, fakeIo())).rejects.toMatchObject({ code: 'already_running' });
    await lock.release();
    await (await lockProgram(state, fakeIo())).release();
  });

  it('keeps the record of before in a file of its own', async () => {
    const file = join(state, 'feeds', 'auth.json');
    await mkdir(join(state, 'feeds'));
    await writeFile(file, 'before');
    const kept = await keepRecord(file, state, fakeIo());
    await writeFile(file, 'after');
    expect(await readFile(kept, 'utf8')).toBe('before');
  });
});
