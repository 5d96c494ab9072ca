import { describe, expect, it } from 'vitest';
import { type Outcome, faultsOf, slopeText, tableOf } from '../../scripts/soak/verdict.ts';
import { checkFeeds } from '../../src/simulator/check-sequence.ts';

const serial = (number: number): string => `u${String(number).padStart(8, '0')}`;
const line = (number: number): string => `{"user": "${serial(number)}"}`;
const feeds = new Map([['auth > tcp', [1, 2, 3].map((n) => ({ serial: serial(n) }))]]);

function outcome(received: readonly string[], more: Partial<Outcome> = {}): Outcome {
  const report = checkFeeds({ feeds, received, format: 'json' });
  const server = { id: 'tcp', mayLose: false, sent: 3, report, allowedRepeats: 1 };
  return { servers: [server], complaints: [], slope: undefined, ...more };
}

const all = [line(1), line(2), line(3)];

describe('the verdict of a soak', () => {
  it('finds nothing where all came, with no more repeats than allowed', () => {
    expect(faultsOf(outcome(all))).toEqual([]);
    expect(faultsOf(outcome([...all, line(1)]))).toEqual([]);
    expect(faultsOf(outcome([line(1), line(2), line(3).slice(0, 15), line(3)]))).toEqual([]);
  });

  it.each([
    ['lost', [line(1), line(3)], /auth > tcp: 1 lost, u00000002/],
    ['repeats beyond the bound', [...all, line(1), line(2)], /tcp: 2 repeated, at most 1 may be/],
    ['disorder', [line(2), line(1), line(3)], /auth > tcp: 1 came out of order/],
    ['a broken line of a feed', [...all, `x${line(2)}`], /auth > tcp: malformed: x\{/],
    ['a broken line of none', [...all, 'what'], /tcp: malformed: what/],
    ['an event that was never sent', [...all, line(9)], /tcp: 1 that were never sent/],
  ])('tells of %s', (_, received, fault) => {
    const faults = faultsOf(outcome(received));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });

  it('holds a loss against nobody where nobody confirms', () => {
    const { servers } = outcome([line(1)]);
    const udp = servers.map((server) => ({ ...server, mayLose: true }));
    expect(faultsOf(outcome([], { servers: udp }))).toEqual([]);
  });

  it('tells of memory that grows, and of what the program did', () => {
    const slope = { mbPerHour: 31, lives: 1, minutes: 9 };
    expect(faultsOf(outcome(all, { slope }))).toEqual(['memory grows by 31.0 MB an hour']);
    expect(faultsOf(outcome(all, { slope: { ...slope, mbPerHour: 29 } }))).toEqual([]);
    expect(faultsOf(outcome(all, { complaints: ['it ended'] }))).toEqual(['it ended']);
  });

  it('is shown with a line for each feed', () => {
    const { servers } = outcome([line(1), line(3), line(3), line(2).slice(0, 9)]);
    const [head = '', feed = '', sum = ''] = tableOf(servers).split('\n');
    expect(head.split(/ +/)).toEqual([
      'feed',
      'lost',
      'repeated',
      'reordered',
      'malformed',
      'torn',
    ]);
    expect(feed.split(/ {2,}/)).toEqual(['auth > tcp', '1', '1', '0', '0', '0']);
    expect(sum).toBe(
      'tcp: 3 events, 1 repeated of at most 1; of no feed: 0 malformed, 1 torn, 0 never sent',
    );
  });

  it('says how memory went, or that it cannot say', () => {
    const slope = { mbPerHour: 1.25, lives: 1, minutes: 9 };
    expect(slopeText(slope, { ...slope, mbPerHour: 20 }, 99.6)).toBe(
      'memory in use: 1.3 MB more an hour (at most 30) over 1 long life, 9.0 minutes; ' +
        'as the system counts: peak 100 MB, growing by 20.0 an hour',
    );
    expect(slopeText(undefined, undefined, 99.6)).toMatch(/peak 100 MB; no life was long enough/);
  });
});
