import { describe, expect, it } from 'vitest';
import { Lately, notable } from '../../src/status/lately.ts';
import { never, recordingLog } from '../engine/parts.ts';
import { TestClock } from '../engine/test-clock.ts';
import { files, textOf } from '../repo/sources.ts';

function lately() {
  const { log, said } = recordingLog();
  const clock = new TestClock();
  const tee = new Lately(log, (text) => text.replaceAll('s3cret', '***'), clock);
  return { tee, said, clock, log: tee.log };
}

describe('what happened lately', () => {
  it('is every warning and error and what became well again, the newest first; the log gets every line', () => {
    const { tee, said, log, clock } = lately();
    log.info('The feed goes on', { feed: 'auth > siem' });
    log.debug('Nothing much');
    log.warn('server in trouble; lines wait and are sent when it is back', {
      server: 'siem',
      code: 'server_refused',
      message: 'siem:514 refused the connection',
    });
    log.error('The feed is parked and will test itself again', { feed: 'auth > siem', code: 'x' });
    log.info('server is back', { server: 'siem', code: 'server_refused', seconds: 3 });
    expect(said).toHaveLength(5);
    expect(said.map(({ level }) => level)).toEqual(['info', 'debug', 'warn', 'error', 'info']);
    const common = { atMs: clock.nowMs(), times: 1 };
    expect(tee.entries).toEqual([
      {
        ...common,
        level: 'info',
        sentence: 'server is back',
        ...{ code: 'server_refused', feed: undefined, server: 'siem' },
      },
      {
        ...common,
        level: 'error',
        sentence: 'The feed is parked and will test itself again',
        ...{ code: 'x', feed: 'auth > siem', server: undefined },
      },
      {
        ...common,
        level: 'warning',
        sentence: 'server in trouble; lines wait and are sent when it is back',
        ...{ code: 'server_refused', feed: undefined, server: 'siem' },
      },
    ]);
  });

  it('is one thing when many feeds say the same within a minute, and another an hour later', async () => {
    const { tee, log, clock } = lately();
    const trouble = (feed: string): void =>
      log.warn('The feed has trouble and tries again', { feed, code: 'duo_timeout' });
    for (let feed = 0; feed < 10_000; feed += 1) trouble(`auth DA${feed} > siem`);
    log.warn('The feed has trouble and tries again', { feed: 'auth > siem', code: 'duo_dns' });
    expect(tee.entries.map(({ code, feed, times }) => [code, feed, times])).toEqual([
      ['duo_dns', 'auth > siem', 1],
      ['duo_timeout', undefined, 10_000],
    ]);
    await clock.sleep(3_600_000, never);
    trouble('auth > siem');
    expect(tee.entries[0]).toMatchObject({ feed: 'auth > siem', times: 1 });
    expect(tee.entries).toHaveLength(3);
  });

  it('is told each time for a server that comes and goes', () => {
    const { tee, log } = lately();
    const fields = { server: 'siem', code: 'server_refused' };
    for (let round = 0; round < 2; round += 1) {
      log.warn('server in trouble; lines wait and are sent when it is back', fields);
      log.info('server is back', fields);
    }
    expect(tee.entries.map(({ level, times }) => [level, times])).toEqual([
      ['info', 1],
      ['warning', 1],
      ['info', 1],
      ['warning', 1],
    ]);
  });

  it('is at most fifty things, without a secret', () => {
    const { tee, log } = lately();
    for (let at = 0; at < 80; at += 1) log.warn(`Warning ${at} s3cret`, { server: 's3cret' });
    expect(tee.entries).toHaveLength(50);
    expect(tee.entries[0]).toMatchObject({ sentence: 'Warning 79 ***', server: '***' });
  });

  it('knows the good news by sentences that the program really says', () => {
    const sources = files('src/*.ts')
      .filter((file) => !file.endsWith('/lately.ts'))
      .map(textOf)
      .join('\n');
    expect([...notable].filter((sentence) => !sources.includes(`'${sentence}'`))).toEqual([]);
  });
});
