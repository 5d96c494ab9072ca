import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { duologsync, makePlace, type Place } from './commands/running.ts';
import { fakeIo } from './fake-io.ts';

let place: Place;

beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

const running: readonly (readonly string[])[] = [
  ['status'],
  ['pause'],
  ['resume'],
  ['poll'],
  ['interval', '300'],
  ['maxcount', 'auto'],
  ['reload'],
  ['reopen-logs'],
  ['stop'],
];
const stored: readonly (readonly string[])[] = [
  ['checkpoint', 'list'],
  ['checkpoint', 'show', 'auth > siem'],
  ['checkpoint', 'set', 'auth > siem', '1d'],
];

describe('a command', () => {
  it.each(running)(
    '%s takes the config by name, by -c and from the environment',
    async (...argv) => {
      const told = [
        await duologsync([...argv, place.config]),
        await duologsync([...argv, '-c', place.config]),
        await duologsync(argv, { env: { DUOLOGSYNC_CONFIG: place.config } }),
      ];
      for (const { code, err } of told) {
        expect(code).toBe(69);
        expect(err).toContain(`Start it: duologsync ${place.config}`);
      }
    },
  );

  it.each(stored)('%s %s does so too', async (...argv) => {
    const missing = `${place.config}.missing`;
    expect((await duologsync([...argv, missing])).err).toContain(missing);
    expect((await duologsync([...argv, '-c', missing])).err).toContain(missing);
  });

  it('has a description for each of its words', () => {
    const bare = (command: ReturnType<typeof createProgram>): string[] => [
      ...(command.description() === '' ? [command.name()] : []),
      ...command.options.filter(({ description }) => description === '').map(({ flags }) => flags),
      ...command.registeredArguments
        .filter((one) => one.description === '')
        .map((one) => one.name()),
      ...command.commands.flatMap((inside) => bare(inside)),
    ];
    expect(bare(createProgram(fakeIo(), () => undefined))).toEqual([]);
  });
});
