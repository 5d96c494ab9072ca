import { createHash } from 'node:crypto';
import { copyFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { makeEvents } from '../../src/simulator/history.ts';
import { stoppedGently, until } from '../helpers/program.ts';
import { allThere, inPlace, type Place } from './process-place.ts';

// Many processes at once, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const rows = 10;
/** Two pages of sign-ins are delivered and the program has ended. */
function afterOneRun(
  endpoints: readonly string[],
  act: (place: Place, fileOf: (log: string) => string) => Promise<void>,
): Promise<void> {
  return inPlace({ pageRows: rows, endpoints }, async (place) => {
    const feeds = join(place.state, 'feeds');
    const files = async (): Promise<string[]> =>
      (await readdir(feeds).catch(() => [])).filter((name) => name.endsWith('.json'));
    place.add(2 * rows);
    const program = place.run();
    await allThere(place);
    await until(
      'each log to begin',
      async () => (await files()).length === endpoints.length,
      60_000,
    );
    expect(await program.kill('SIGTERM')).toBe(stoppedGently);
    const names = await files();
    await act(place, (log) => join(feeds, names.find((name) => name.startsWith(log)) ?? ''));
  });
}

describe('a checkpoint that is', () => {
  it.concurrent.each<{ damage: string; to: (file: string) => Promise<unknown> }>([
    { damage: 'empty', to: (file) => truncate(file, 0) },
    {
      damage: 'half written',
      to: async (file) => truncate(file, Math.floor((await readFile(file)).length / 2)),
    },
    { damage: 'random bytes', to: (file) => writeFile(file, Buffer.from('9f01ff00c3280a', 'hex')) },
    {
      damage: 'changed by a hand',
      to: async (file) =>
        writeFile(file, (await readFile(file, 'utf8')).replace('"sequence":', '"sequence":1')),
    },
    { damage: 'gone', to: (file) => rm(file) },
  ])('$damage is replaced by the one before it, which the log says', ({ to }) =>
    afterOneRun(['auth'], async (place, fileOf) => {
      await to(fileOf('auth'));
      place.add(rows);
      place.run();
      await allThere(place);
      const { lost, repeated, malformed } = place.check();
      expect({ lost, malformed }).toEqual({ lost: [], malformed: [] });
      expect(repeated).toBeLessThanOrEqual(rows);
      expect(await place.workplace.log()).toContain('The newest checkpoint cannot be read');
    }),
  );

  it.concurrent.each<{
    damage: string;
    code: string;
    to: (file: string, other: string) => Promise<unknown>;
  }>([
    {
      damage: 'damaged in both generations',
      code: 'checkpoint_unreadable',
      to: (file) => Promise.all([writeFile(file, '{'), writeFile(`${file}.prev`, '')]),
    },
    {
      damage: "another log's in both generations",
      code: 'checkpoint_unreadable',
      to: (file, other) => Promise.all([copyFile(other, file), copyFile(other, `${file}.prev`)]),
    },
    {
      damage: 'of a newer version',
      code: 'checkpoint_newer',
      to: async (file) => {
        const { sha256: _, ...record } = JSON.parse(await readFile(file, 'utf8')) as object & {
          sha256: string;
        };
        const body = { ...record, format: 99 };
        const sha256 = createHash('sha256').update(JSON.stringify(body)).digest('hex');
        await writeFile(file, JSON.stringify({ ...body, sha256 }));
      },
    },
  ])('$damage parks that feed alone, untouched, until it is put right', ({ code, to }) =>
    afterOneRun(['auth', 'activity'], async (place, fileOf) => {
      const [file, other] = [fileOf('auth'), fileOf('activity')];
      const backup = join(place.workplace.folder, 'backup');
      await copyFile(file, backup);
      await to(file, other);
      const damaged = await readFile(file);
      const before = place.siem.received;
      place.add(rows);
      const plan = { count: rows, fromMs: Date.now() - 500, stepMs: 0, letter: 'c' };
      place.duo.add('activity', makeEvents('activity', plan));
      expect(await place.run({}, '--once').ended).toBe(75);
      expect(place.siem.received).toBe(before + rows);
      expect(await place.workplace.log()).toContain(`code=${code}`);
      expect(await readFile(file)).toEqual(damaged);
      await copyFile(backup, file);
      place.run();
      await allThere(place);
      expect(place.check()).toMatchObject({ lost: [], repeated: 0, malformed: [] });
    }),
  );
});
