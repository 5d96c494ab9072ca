import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tap } from '../../../src/cli/commands/tap.ts';
import { ForwarderError } from '../../../src/core/errors.ts';
import type { JsonObject } from '../../../src/core/types.ts';
import { until } from '../../helpers/program.ts';
import { fakeIo } from '../fake-io.ts';
import { duologsync, makePlace, type Place } from './running.ts';

let place: Place;

beforeEach(async () => {
  place = await makePlace();
  await place.start();
});
afterEach(() => place.remove());

const entry = (line: string, feed = 'auth > siem'): JsonObject => ({ feed, event_id: line, line });
const part = (lines: readonly string[], over_limit = 0, not_taken = 0): JsonObject => ({
  lines: lines.map((line) => entry(line)),
  over_limit,
  not_taken,
});
const on = (...argv: string[]) => duologsync(['tap', '-c', place.config, ...argv]);
const hostile = '\u001b]0;owned\u0007\u001b[2J\u009b31m a\rb\u202e\u2028größe\u007f';

describe('duologsync tap', () => {
  it('prints lines as they went, one a line, and nothing else to stdout; ends after so many', async () => {
    place.controls.tapped.push(part(['one', hostile]), part(['three', 'four']));
    const { code, out, err } = await on('-n', '3', '--endpoint', 'auth', '--limit', '50');
    expect({ code, out, err }).toEqual({ code: 0, out: `one\n${hostile}\nthree\n`, err: '' });
    expect(place.controls.asked[0]).toEqual(['tap', { endpoint: 'auth' }, 50]);
    await until('the program to notice', () => place.controls.asked.length === 2);
  });

  it('prints JSON that says whose a line is', async () => {
    place.controls.tapped.push(part([hostile]));
    const { out } = await on('--json', '--lines', '1');
    expect(out.split('\n')).toHaveLength(2);
    expect(JSON.parse(out)).toEqual(entry(hostile));
  });

  it('lets no line steer a terminal, and says there whose it is', async () => {
    const shown = async (env: Record<string, string>, json = false): Promise<string> => {
      place.controls.tapped.push({ lines: [entry(hostile, 'auth \u001b[2J > siem')] });
      const io = fakeIo({ env });
      const stdout = Object.assign(io.stdout, { isTTY: true, columns: 80 });
      expect(await tap(place.config, { lines: 1, json }, { ...io, stdout })).toBe(0);
      await until('the program to notice', () => place.controls.asked.at(-1)?.[0] === 'end of tap');
      return io.out();
    };
    const utf8 = { NO_COLOR: '1', LANG: 'C.UTF-8' };
    expect(await shown(utf8)).toBe(
      'auth ?[2J > siem  \\u001b]0;owned\\u0007\\u001b[2J\\u009b31m a\\u000db\\u202e\\u2028größe\\u007f\n',
    );
    const json = await shown(utf8, true);
    expect(json.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
    expect(JSON.parse(json)).toMatchObject({ line: hostile });
    expect(await shown({ NO_COLOR: '1', LANG: 'C' })).toMatch(
      /^[\x20-\x7e]+gr\\u00f6\\u00dfe\S+\n$/,
    );
    expect(await shown({ LANG: 'C.UTF-8' })).toContain('\u001b[2mauth ?[2J > siem\u001b[0m');
  });

  it('says on stderr how many were left out, and why', async () => {
    place.controls.tapped.push(part(['one'], 900, 7), part(['two'], 5));
    const { code, err } = await on('-n', '2');
    expect(code).toBe(0);
    expect(err).toBe(
      'duologsync: 907 lines left out: 900 above the limit of 100 a second (--limit), 7 because they are taken too slowly here\n',
    );
  });

  it('ends by Ctrl-C with 0, and tells on a terminal beforehand that it waits', async () => {
    const signals = new EventEmitter();
    const io = fakeIo();
    const stderr = Object.assign(io.stderr, { isTTY: true });
    const over = tap(place.config, {}, { ...io, stderr, signals });
    await until('the greeting', () => io.err().includes('Lines of 3 feeds'));
    signals.emit('SIGINT');
    expect(await over).toBe(0);
    expect(io.out()).toBe('');
    expect(signals.eventNames()).toEqual([]);
  });

  it('ends with a sentence and 69 when the program stops', async () => {
    place.controls.tapped.push(part(['one']));
    const io = fakeIo();
    const over = tap(place.config, {}, io);
    await until('a line', () => io.out() !== '');
    await place.stop();
    expect(await over).toBe(69);
    expect(io.err()).toContain('the program has stopped');
  });

  it('ends quietly when its reader has enough', async () => {
    const io = fakeIo();
    const stdout = new Writable({
      write: (_chunk, _encoding, done) =>
        done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })),
    });
    place.controls.tapped.push(part(['one']));
    expect(await tap(place.config, {}, { ...io, stdout })).toBe(0);
    expect(io.err()).toBe('');
  });

  it('says when its lines cannot be written', async () => {
    const io = fakeIo();
    const stdout = new Writable({
      write: (_chunk, _encoding, done) =>
        done(Object.assign(new Error('full'), { code: 'ENOSPC' })),
    });
    place.controls.tapped.push(part(['one']));
    expect(await tap(place.config, {}, { ...io, stdout })).toBe(1);
    expect(io.err()).toContain('cannot be written: full');
  });

  it('takes nothing more while its own reader does not', async () => {
    const io = fakeIo();
    let release: (() => void) | undefined;
    const stdout = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => {
        release = () => {
          release = undefined;
          done();
        };
      },
    });
    const large = 'x'.repeat(900_000);
    for (let i = 0; i < 10; i += 1) place.controls.tapped.push(part([large]));
    const over = tap(place.config, { lines: 10 }, { ...io, stdout });
    await until('the first', () => release !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    // A few lie in the socket's buffers; the rest waits where it is counted.
    expect(place.controls.tapped.length).toBeGreaterThan(4);
    const takeAll = setInterval(() => release?.(), 5);
    expect(await over).toBe(0);
    clearInterval(takeAll);
  });

  it('exits with 2 and what there is when no such feed is there, with 69 when nothing runs', async () => {
    place.controls.tap = () => {
      throw new ForwarderError('no_such_feed', 'There is no log auht', { hint: 'There are auth.' });
    };
    expect(await on('--endpoint', 'auht')).toEqual({
      code: 2,
      out: '',
      err: 'duologsync: There is no log auht\n  There are auth.\n',
    });
    await place.stop();
    expect(await on()).toMatchObject({ code: 69, out: '' });
  });

  it('refuses numbers that make no sense before it asks', async () => {
    for (const argv of [
      ['-n', '0'],
      ['--limit', '1001'],
      ['-n', 'x'],
    ])
      expect((await on(...argv)).code).toBe(2);
    expect(place.controls.asked).toEqual([]);
  });
});
