import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ForwarderError } from '../../../src/core/errors.ts';
import { duologsync, makePlace, type Place } from './running.ts';

let place: Place;

beforeEach(async () => {
  place = await makePlace();
  await place.start();
});
afterEach(() => place.remove());

const on = (...argv: string[]) => duologsync([...argv, '-c', place.config]);

describe('commands for feeds of the running program', () => {
  it('say which feeds are meant, and tell how many there were', async () => {
    expect(await on('pause', '--endpoint', 'auth', '--server', 'siem')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Paused 3 feeds: .* until duologsync resume/) as string,
    });
    expect(await on('resume', '--account', 'ACME')).toMatchObject({
      code: 0,
      out: 'Resumed 3 feeds.\n',
    });
    expect(await duologsync(['poll', place.config])).toMatchObject({
      out: 'Polling 3 feeds now.\n',
    });
    expect((await on('interval', '300', '--endpoint', 'auth')).out).toContain('every 300 s');
    expect((await on('interval', 'auto')).out).toContain('as the config says');
    expect((await duologsync(['maxcount', '50', place.config])).out).toContain('at most 50 rows');
    expect((await on('maxcount', 'auto')).out).toContain('as Duo gives');
    expect((await on('poll', '--json')).out).toBe('{"feeds":3}\n');
    expect(place.controls.asked).toEqual([
      ['pause', { endpoint: 'auth', server: 'siem' }],
      ['resume', { account: 'ACME' }],
      ['poll', {}],
      ['setInterval', { endpoint: 'auth' }, 300],
      ['setInterval', {}, undefined],
      ['setMaxcount', {}, 50],
      ['setMaxcount', {}, undefined],
      ['poll', {}],
    ]);
  });

  it('say that none was paused when there was none to resume', async () => {
    place.controls.resume = () => 0;
    expect(await on('resume')).toEqual({ code: 0, out: 'No feed was paused.\n', err: '' });
  });

  it('exit with 2 and what there is when no such feed is there', async () => {
    place.controls.pause = () => {
      throw new ForwarderError('no_such_feed', 'There is no log auht', { hint: 'There are auth.' });
    };
    expect(await on('pause', '--endpoint', 'auht')).toEqual({
      code: 2,
      out: '',
      err: 'duologsync: There is no log auht\n  There are auth.\n',
    });
  });

  it('refuse a number that makes no sense before they ask', async () => {
    for (const argv of [['interval', '0'], ['interval', 'x'], ['maxcount', '1001'], ['interval']])
      expect((await on(...argv)).code).toBe(2);
    expect(place.controls.asked).toEqual([]);
  });
});

describe('duologsync reload', () => {
  it('tells what has changed', async () => {
    expect(await on('reload')).toMatchObject({
      code: 0,
      out: `started    auth > b\nReloaded ${place.config}: 1 feed changed, 2 undisturbed.\n`,
    });
    expect(JSON.parse((await on('reload', '--json')).out)).toMatchObject({ unchanged: 2 });
  });

  it('tells what holds only after a restart', async () => {
    const needsRestart = ['dls_settings.log_filepath', 'dls_settings.query_port'];
    const nothing = { started: [], restarted: [], stopped: [], unchanged: 1_200 };
    place.controls.reload = async () => ({ ...nothing, needsRestart });
    expect((await on('reload')).out).toBe(
      `Reloaded ${place.config}: 0 feeds changed, 1,200 undisturbed.\nOnly after a restart: dls_settings.log_filepath, dls_settings.query_port\n`,
    );
    expect(JSON.parse((await on('reload', '--json')).out)).toMatchObject({
      needs_restart: needsRestart,
    });
  });

  it('exits with 78 when the file is wrong, with what is wrong in it', async () => {
    place.controls.reload = () =>
      Promise.reject(
        new ForwarderError('config_invalid', 'config.yml:3:1 no', { hint: 'Fix it.' }),
      );
    expect(await on('reload')).toMatchObject({
      code: 78,
      err: expect.stringContaining('3:1') as string,
    });
  });

  it('has a small brother for the log alone', async () => {
    expect(await on('reopen-logs')).toMatchObject({ code: 0 });
    expect(place.controls.asked).toEqual([['reopenLogs']]);
  });
});

describe('duologsync stop', () => {
  it('tells the program to end, and can wait until it has', async () => {
    expect(await on('stop')).toMatchObject({ code: 0, err: '' });
    expect(place.controls.asked).toEqual([['stop']]);
    place.controls.stop = () => setTimeout(() => void place.stop(), 300);
    expect(await on('stop', '--wait')).toMatchObject({ code: 0, out: 'Stopped.\n' });
    expect((await on('stop')).code).toBe(69);
  });

  it('takes one that a service manager has started again for ended', async () => {
    let again = Promise.resolve();
    place.controls.stop = () => void (again = place.stop().then(() => place.start(4712)));
    expect(await on('stop', '--wait', '--within', '30')).toMatchObject({
      code: 0,
      out: 'Stopped.\n',
    });
    // The command may see that it has ended before it is there again.
    await again;
  });

  it('exits with 75 when the program does not end', async () => {
    const { code, err } = await on('stop', '--wait', '--within', '1');
    expect(code).toBe(75);
    expect(err).toContain('has not ended within 1 s');
  });
});
