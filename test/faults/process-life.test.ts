import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { hasSignals, stoppedGently, until } from '../helpers/program.ts';
import { allSaved, allThere, inPlace } from './process-place.ts';

// Many processes at once, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const whole = { lost: [], malformed: [], unknown: [] };

const rows = 20;

describe('the program that is paused', () => {
  it.runIf(hasSignals)(
    'while the server closes, keeps its lock, goes on when it is woken and loses nothing',
    () =>
      inPlace({ pageRows: rows }, async (place) => {
        const { siem, workplace, add, run, check } = place;
        siem.behaviour.onHalfClose = 'never';
        add(3 * rows);
        const program = run();
        await until('a page on its way', () => siem.lines().length === rows, 60_000);
        program.process.kill('SIGSTOP');
        siem.behaviour.onHalfClose = 'close';
        await siem.stop();
        await siem.start();
        const second = run();
        expect(await second.ended).toBe(75);
        expect(second.stderr()).toContain('Another duologsync already works');
        program.process.kill('SIGCONT');
        await allThere(place);
        expect(await program.kill('SIGTERM')).toBe(0);
        expect(check()).toMatchObject(whole);
        expect(check().repeated).toBeLessThanOrEqual(rows);
        expect(await workplace.log()).not.toContain('already_running');
      }),
  );
});

describe('the clock of this machine', () => {
  const hourMs = 3_600_000;
  it.concurrent.each([
    { jump: 'back by three hours', ms: -3 * hourMs },
    { jump: 'forward by a year', ms: 8760 * hourMs },
  ])('may jump $jump while the program runs: nothing lost, repeated or called a gap', (at) =>
    inPlace({}, async (place) => {
      const { workplace, add, run, check, duo } = place;
      const file = join(workplace.folder, 'clock');
      add(10);
      const program = run({ TEST_CLOCK: file });
      await allThere(place);
      await writeFile(file, String(at.ms));
      const calls = duo.journal.length;
      await until('a call by the new clock', () => duo.journal.length > calls + 1, 60_000);
      add(10);
      await allThere(place);
      expect(await program.kill('SIGTERM')).toBe(stoppedGently);
      add(10);
      // The checkpoint was saved under the wrong clock.
      run();
      await allThere(place);
      expect(check()).toMatchObject({ ...whole, repeated: 0 });
      expect(await workplace.log()).not.toMatch(/gap/i);
    }),
  );
});

describe('a mistake of ours', () => {
  it.concurrent.each(['exception', 'rejection'])(
    'that ends in an uncaught %s is logged with its stack and ends the program with 70; the next start loses nothing',
    (kind) =>
      inPlace({}, async (place) => {
        const { workplace, add, run, check } = place;
        const flag = join(workplace.folder, 'throw');
        add(10);
        const program = run({ TEST_THROW: JSON.stringify({ flag, kind }) });
        await allSaved(place);
        await writeFile(flag, '');
        expect(await program.ended).toBe(70);
        const log = await workplace.log();
        expect(log).toMatch(/ ERROR [^\n]*a mistake of ours[^\n]*process-preload/);
        expect(program.stderr()).toContain('a mistake of ours');
        add(10);
        run();
        await allThere(place);
        expect(check()).toMatchObject({ ...whole, repeated: 0 });
      }),
  );

  it.concurrent(
    'in the formatter sets one event aside, with its reason, and the feed goes on',
    () =>
      inPlace({ format: 'CEF' }, async (place) => {
        const { state, add, run, siem, workplace, check } = place;
        add(10);
        const program = run({ TEST_POISON: 'u00000004' });
        await until('the others', () => siem.lines().length === 9, 60_000);
        add(5);
        await until('what comes later', () => siem.lines().length === 14, 60_000);
        expect(await program.kill('SIGTERM')).toBe(stoppedGently);
        const letters = await readFile(join(state, 'dead-letters.jsonl'), 'utf8');
        expect(letters).toMatch(/^[^\n]*a mistake in the formatter[^\n]*u00000004[^\n]*\n$/);
        expect(await workplace.log()).toContain('unformattable');
        expect(check()).toMatchObject({ ...whole, lost: ['u00000004'], repeated: 0 });
      }),
  );
});
