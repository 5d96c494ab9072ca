import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandOf } from '../../src/checkpoint/state-directory.ts';
import { hasState, withCommandLock } from '../../src/cli/command-lock.ts';
import { acquireLock } from '../../src/control/lock.ts';
import { fakeIo } from './fake-io.ts';

let state = '';
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'duologsync-command-'));
});
afterEach(() => rm(state, { recursive: true, force: true }));

describe('commands that change a state directory', () => {
  it('take turns: a second one is refused with a remedy, and may try when the first has ended', async () => {
    await withCommandLock(state, fakeIo(), async () => {
      const second = withCommandLock(state, fakeIo(), async () => 'never');
      await expect(second).rejects.toMatchObject({ code: 'command_running', remedy: 'stop' });
    });
    expect(await withCommandLock(state, fakeIo(), async () => 'done')).toBe('done');
  });

  it('give way when they fail', async () => {
    const failing = withCommandLock(state, fakeIo(), () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await withCommandLock(state, fakeIo(), async () => 'done')).toBe('done');
  });

  it('take away what a killed one left half made, and nothing of the program', async () => {
    const left = (name: string): string => `${name}.12-0123456789ab.tmp`;
    const own = ['replays.json', 'dead-letters-resent.json', 'gaps-acknowledged.json'];
    for (const name of [...own, 'learned.json']) await writeFile(join(state, left(name)), '');
    await withCommandLock(state, fakeIo(), async () => undefined);
    const names = await readdir(state);
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([left('learned.json')]);
  });

  it('work while the program runs, whose lock is another', async () => {
    const lock = await acquireLock({ stateDirectory: state, describe: () => ({}) });
    try {
      expect(await withCommandLock(state, fakeIo(), async () => 'done')).toBe('done');
    } finally {
      await lock.release();
    }
  });

  it.skipIf(process.platform === 'win32')(
    'refuse to leave files behind that the program could not read',
    async () => {
      const io = fakeIo({ uid: (process.getuid?.() ?? 0) + 1 });
      const refused = withCommandLock(state, io, async () => 'never');
      await expect(refused).rejects.toMatchObject({
        code: 'state_directory_unusable',
        hint: `Run it as that user: ${commandOf(process.getuid?.() ?? 0, state)}`,
      });
    },
  );

  it('know whether there is a state directory without making one', async () => {
    expect(await hasState(state)).toBe(true);
    expect(await hasState(join(state, 'none'))).toBe(false);
    await writeFile(join(state, 'file'), '');
    expect(await hasState(join(state, 'file'))).toBe(false);
    expect(await hasState(join(state, 'file', 'below'))).toBe(false);
  });
});
