import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeRacer, Racer } from './lock-process.ts';

let directory: string;
let program: string;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'lock-race-')));
  program = await writeRacer(directory);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it.runIf(process.platform !== 'win32')(
  'of ten that race, with others killed in the middle of it, never two hold the lock',
  async () => {
    const state = join(directory, 'state');
    await mkdir(state);
    for (let round = 0; round < 40; round += 1) {
      const all = await Promise.all(Array.from({ length: 13 }, () => new Racer(program).ready()));
      const [victims, racers] = [all.slice(0, 3), all.slice(3)];
      for (const victim of victims) {
        victim.race(state, directory).catch(() => undefined);
        setTimeout(() => void victim.kill(), Math.random() * 30);
      }
      const results = await Promise.all(racers.map((racer) => racer.race(state, directory)));
      const winners = results.filter(({ won }) => won);
      // A victim may have held it for a moment, while all the others asked.
      expect(winners.length).toBeLessThanOrEqual(1);
      expect(results.filter(({ code }) => code === 'already_running')).toHaveLength(
        10 - winners.length,
      );
      await Promise.all(all.map((racer) => racer.kill()));
    }
    // What killed candidates left behind is bounded and does not stand in the way.
    const last = await new Racer(program).ready();
    expect(await last.race(state, directory)).toMatchObject({ won: true });
    await last.kill();
    expect((await readdir(state)).every((name) => /^s([0-9a-z]{3})?$/.test(name))).toBe(true);
  },
);
