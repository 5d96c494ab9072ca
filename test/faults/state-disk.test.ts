import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { hasSignals, stoppedGently, until } from '../helpers/program.ts';
import { allSaved, allThere, inPlace, type Place } from './process-place.ts';

// Many processes at once, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const whole = { lost: [], malformed: [], unknown: [], repeated: 0 };

function logSays({ workplace }: Place, text: string): Promise<void> {
  return until(`the log says ${text}`, async () => (await workplace.log()).includes(text), 60_000);
}

/** What the preload needs to refuse writes below `path` while `flag` is there. */
function failing({ workplace }: Place, path: string, code: string) {
  const flag = join(workplace.folder, 'full');
  return { flag, faults: { TEST_FAIL: JSON.stringify({ flag, path, code }) } };
}

describe('the disk of the checkpoints', () => {
  it.concurrent.each([
    { state: 'full', code: 'ENOSPC' },
    { state: 'read-only', code: 'EROFS' },
  ])('that is $state holds the feed, sends nothing twice, and goes on by itself', (at) =>
    inPlace({}, async (place) => {
      const { siem, add, run, check } = place;
      const { flag, faults } = failing(place, 'feeds', at.code);
      add(10);
      const program = run(faults);
      await allSaved(place);
      await writeFile(flag, '');
      add(10);
      await allThere(place);
      await logSays(place, 'checkpoint_write_failed');
      add(10);
      // Longer than its poll and its first tries.
      await sleep(2500);
      expect(siem.lines()).toHaveLength(20);
      await rm(flag);
      await allThere(place);
      expect(await program.kill('SIGTERM')).toBe(stoppedGently);
      expect(check()).toMatchObject(whole);
    }),
  );

  it.runIf(hasSignals)(
    'whose folder is deleted while the program runs gets it again, and a crash then repeats nothing',
    () =>
      inPlace({}, async (place) => {
        const { state, add, run, check } = place;
        add(10);
        const program = run();
        await allSaved(place);
        await rm(state, { recursive: true });
        add(10);
        await allSaved(place);
        await program.kill('SIGKILL');
        add(10);
        run();
        await allThere(place);
        expect(check()).toMatchObject(whole);
      }),
  );
});

describe('the disk of the log', () => {
  it.concurrent('that is full stops nothing, and gets the lines when there is room again', () =>
    inPlace({}, async (place) => {
      const { workplace, add, run, check } = place;
      const { flag, faults } = failing(place, 'duologsync.log', 'ENOSPC');
      await writeFile(flag, '');
      add(10);
      const program = run(faults);
      await allThere(place);
      add(10);
      await allThere(place);
      expect(await workplace.log()).toBe('');
      await rm(flag);
      await logSays(place, 'duologsync starts');
      expect(await program.kill('SIGTERM')).toBe(stoppedGently);
      expect(check()).toMatchObject(whole);
    }),
  );
});

describe('the disk of the dead letters', () => {
  it.concurrent('that is full holds the feed, throws no event away, and goes on by itself', () =>
    inPlace({ format: 'CEF' }, async (place) => {
      const { siem, state, add, run, check } = place;
      const { flag, faults } = failing(place, 'dead-letters', 'ENOSPC');
      await writeFile(flag, '');
      add(10);
      const program = run({ ...faults, TEST_POISON: 'u00000004' });
      await logSays(place, 'dead_letter_full');
      await sleep(1500);
      expect(siem.lines()).toHaveLength(0);
      await rm(flag);
      await until('the others', () => siem.lines().length === 9, 60_000);
      expect(await program.kill('SIGTERM')).toBe(stoppedGently);
      const letters = await readFile(join(state, 'dead-letters.jsonl'), 'utf8');
      expect(letters).toMatch(/^[^\n]*u00000004[^\n]*\n$/);
      expect(check()).toMatchObject({ ...whole, lost: ['u00000004'] });
    }),
  );
});
