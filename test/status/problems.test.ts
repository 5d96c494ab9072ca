import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import { failure } from '../../src/duo/failures.ts';
import { problemsOf } from '../../src/status/problems.ts';
import { feedPart, nothingKept, nowMs, parts, refused, serverPart } from './parts.ts';

const child = (number: number) => ({ id: `DA${number}`, name: `Child ${number}` });
const inTrouble = (problem: ForwarderError, sinceMs = nowMs - 60_000) => ({
  phase: problem.remedy === 'park' ? 'parked' : 'retrying',
  sinceMs,
  problem,
  nextTryMs: nowMs + 900_000,
});

describe('the problems', () => {
  it('are none when all is well', () => {
    expect(problemsOf(parts(), nothingKept)).toEqual([]);
  });

  it('name a server that is down once, with what waits behind it', () => {
    const feeds = Array.from({ length: 50 }, (_, n) => feedPart('auth', {}, { account: child(n) }));
    expect(
      problemsOf(parts({ feeds, servers: [serverPart('siem', refused)] }), nothingKept),
    ).toEqual([
      {
        kind: 'server',
        what: 'server siem (tcp://siem.example.org:514)',
        sinceMs: nowMs - 600_000,
        side: 'server',
        code: 'server_refused',
        message: 'siem.example.org:514 refused the connection',
        nextTryMs: nowMs + 22_000,
        remedy: 'Start the collector there.',
        feeds: 50,
      },
    ]);
  });

  it('name an archive by its folder, and are to be mended on this machine', () => {
    const full = { ...refused, code: 'archive_full' };
    const archive = { ...serverPart('files', full), protocol: 'FILE', hostname: '/duo', port: 0 };
    expect(problemsOf(parts({ servers: [archive] }), nothingKept)).toMatchObject([
      { what: 'server files (file:/duo)', side: 'here' },
    ]);
  });

  it('name a refused key once, since when it first showed and when it is tried next', () => {
    const key = failure('duo_invalid_key', 'Duo does not know the key');
    const feeds = Array.from({ length: 30 }, (_, n) =>
      feedPart(n % 2 ? 'auth' : 'activity', inTrouble(key, nowMs - 60_000 - n), {
        account: child(n),
      }),
    );
    const [problem, ...others] = problemsOf(parts({ feeds }), nothingKept);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      kind: 'duo',
      side: 'duo',
      what: 'activity, auth of 30 accounts',
      code: 'duo_invalid_key',
      sinceMs: nowMs - 60_029,
      nextTryMs: nowMs + 900_000,
      remedy: key.hint,
      feeds: 30,
    });
  });

  it('tell a refused log of some children apart from another log', () => {
    const no = failure('duo_forbidden', '403');
    const feeds = [
      feedPart('telephony', inTrouble(no), { account: child(1) }),
      feedPart('telephony', inTrouble(no), { account: child(2) }),
      feedPart('trustmonitor', inTrouble(no), { account: child(1) }),
      feedPart('auth', {}, { account: child(1) }),
    ];
    expect(
      problemsOf(parts({ feeds }), nothingKept).map(({ what, feeds: n }) => [what, n]),
    ).toEqual([
      ['telephony of 2 accounts', 2],
      ['Child 1 / trustmonitor > siem', 1],
    ]);
  });

  it('say of each whose side it is on', () => {
    const sides = (error: ForwarderError): string | undefined =>
      problemsOf(parts({ feeds: [feedPart('auth', inTrouble(error))] }), nothingKept)[0]?.side;
    expect(sides(failure('duo_timeout', ''))).toBe('duo');
    expect(sides(failure('duo_clock', ''))).toBe('here');
    expect(sides(failure('proxy_login', ''))).toBe('here');
    expect(sides(new ForwarderError('checkpoint_write_failed', ''))).toBe('here');
    expect(sides(new ForwarderError('archive_foreign', ''))).toBe('here');
    expect(sides(new ForwarderError('config_invalid', ''))).toBe('config');
    const file = { ...refused, code: 'tls_file_unreadable' };
    expect(problemsOf(parts({ servers: [serverPart('siem', file)] }), nothingKept)[0]?.side).toBe(
      'config',
    );
  });

  it('count feeds that were paused by hand, once, whatever else they have', () => {
    const feeds = [
      feedPart('auth', inTrouble(failure('duo_timeout', '')), { pausedSinceMs: nowMs - 5_000 }),
      feedPart('activity', {}, { pausedSinceMs: nowMs - 9_000 }),
    ];
    const problems = problemsOf(parts({ feeds }), nothingKept);
    expect(problems).toEqual([
      expect.objectContaining({
        kind: 'paused',
        what: 'auth, activity',
        sinceMs: nowMs - 9_000,
        side: 'here',
        feeds: 2,
        remedy: expect.stringContaining('duologsync resume') as string,
      }),
    ]);
  });

  it('begin with what holds up most feeds, and end with what only waits for a person', () => {
    const feeds = [
      feedPart('auth', inTrouble(failure('duo_forbidden', ''))),
      feedPart('activity'),
      feedPart('telephony'),
    ];
    const told = problemsOf(
      parts({
        feeds,
        servers: [serverPart('siem', refused)],
        duo: { calls: 1, limited: 0, behindMs: -90_000, byEndpoint: new Map() },
        others: [
          {
            code: 'config_invalid',
            what: 'config.yml',
            sinceMs: nowMs,
            side: 'config',
            message: 'wrong',
          },
        ],
      }),
      { gaps: 1, deadLetters: 3 },
    );
    expect(told.map(({ code }) => code)).toEqual([
      'server_refused',
      'duo_forbidden',
      'config_invalid',
      'duo_clock',
      'gap',
      'dead_letters',
    ]);
    expect(told.map(({ what }) => what).slice(-2)).toEqual(['1 gap', '3 events set aside']);
    expect(told[3]?.message).toContain('90 s ahead');
  });
});
