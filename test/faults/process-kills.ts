import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { hasSignals, stoppedGently, until, type Running } from '../helpers/program.ts';
import { allThere, openPlace, type PlaceOptions } from './process-place.ts';

const page = 20;
/** Where a kill strikes, and how many lines that may and must repeat. */
export const steps = [
  { step: 'while it asks Duo for a page', at: 'asked', least: 0, most: 0 },
  { step: 'with a page in its hands and none of it sent', at: 'fetched', least: 0, most: 0 },
  { step: 'in the middle of sending a page', at: 'half sent', least: 1, most: page - 1 },
  { step: 'between the end of sending and the confirmation', at: 'sent', least: page, most: page },
  { step: 'between the confirmation and the save', at: 'confirmed', least: page, most: page },
  { step: 'after the previous checkpoint is kept', at: 'previous kept', least: page, most: page },
  { step: 'between temporary file and rename', at: 'written', least: page, most: page },
  { step: 'right after the rename', at: 'renamed', least: 0, most: 0 },
] as const;

/** How a program ends that was killed; Windows knows no signals. */
const killed = hasSignals ? 'SIGKILL' : 1;

/** Of three pages the second one meets the kill; the program starts again, and all must be there. */
export async function killAt(
  { at, least, most }: (typeof steps)[number],
  options: PlaceOptions = {},
): Promise<void> {
  let program: Running | undefined;
  const kill = (): void => void program?.process.kill('SIGKILL');
  let lines = 0;
  const place = await openPlace({
    ...options,
    pageRows: page,
    onRequest: (request) => {
      if (at === 'asked' && request === 2) kill();
    },
    receiver: {
      onLine: () => (lines += 1),
      beforeClose: async () => {
        if (at === 'sent' && lines === 2 * page) kill();
      },
    },
  });
  try {
    place.add(3 * page);
    const { process, ended } = (program = place.run({ TEST_DIE_AT: `${at}:2` }));
    const dead = (): boolean => process.exitCode !== null || process.signalCode !== null;
    await until('the kill', dead, 60_000).catch(async (error: unknown) => {
      throw new Error(await place.workplace.log(), { cause: error });
    });
    expect(await ended).toBe(killed);
    // A kill that finds nothing on its way proves nothing.
    expect(place.check().lost.length).toBeGreaterThanOrEqual(page);
    const again = place.run();
    await allThere(place);
    expect(await again.kill('SIGTERM')).toBe(stoppedGently);
    expect(place.check()).toMatchObject({ lost: [], malformed: [], unknown: [] });
    expect(place.check().repeated).toBeGreaterThanOrEqual(least);
    expect(place.check().repeated).toBeLessThanOrEqual(most);
    const left = await readdir(join(place.state, 'feeds'));
    expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  } finally {
    await place.close();
  }
}
