import { describe, expect, it } from 'vitest';
import { Histories } from '../../src/status/history.ts';

const minute = 60_000;
/** A moment at which a bucket begins. */
const begin = Date.parse('2026-11-22T02:00:00Z');
const feed = (delivered: number, id = 'auth') => ({ id, status: { delivered } });

describe('the history of a feed', () => {
  it('counts events in twelve buckets of five minutes, the newest last', () => {
    const histories = new Histories();
    histories.sample([feed(0)], begin);
    histories.sample([feed(7)], begin + minute);
    histories.sample([feed(10)], begin + 4 * minute);
    histories.sample([feed(15)], begin + 6 * minute);
    expect(histories.countsOf('auth')).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 5]);
    histories.sample([feed(15)], begin + 59 * minute);
    expect(histories.countsOf('auth')).toEqual([10, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    histories.sample([feed(16)], begin + 65 * minute);
    expect(histories.countsOf('auth')).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });

  it('forgets all after a long sleep of the machine, and is not confused by a clock set back', () => {
    const histories = new Histories();
    histories.sample([feed(9)], begin);
    histories.sample([feed(9)], begin + 600 * minute);
    expect(histories.countsOf('auth')).toEqual(Array(12).fill(0));
    histories.sample([feed(13)], begin);
    expect(histories.countsOf('auth').at(-1)).toBe(4);
    expect(histories.rateOf('auth', begin)).toBeGreaterThan(0);
    expect(histories.rateOf('auth', begin)).toBeLessThanOrEqual(4);
  });

  it('goes on when a feed begins anew and counts from zero', () => {
    const histories = new Histories();
    histories.sample([feed(9)], begin);
    histories.sample([feed(2)], begin + minute);
    expect(histories.countsOf('auth').at(-1)).toBe(11);
  });

  it('gives the rate of the last five to ten minutes, of a young feed that of its life', () => {
    const histories = new Histories();
    histories.sample([feed(0)], begin);
    histories.sample([feed(60)], begin + minute);
    expect(histories.rateOf('auth', begin + minute)).toBe(1);
    histories.sample([feed(60)], begin + 9 * minute);
    expect(histories.rateOf('auth', begin + 9 * minute)).toBeCloseTo(60 / 540, 6);
    histories.sample([feed(60)], begin + 12 * minute);
    expect(histories.rateOf('auth', begin + 12 * minute)).toBe(0);
  });

  it('gives the rate of a feed since it came, however late the first look at it is', () => {
    const histories = new Histories();
    const young = { id: 'auth', status: { delivered: 700, createdMs: begin - 7_000 } };
    histories.sample([young], begin);
    expect(histories.rateOf('auth', begin)).toBe(100);
    const ahead = { id: 'tomorrow', status: { delivered: 5, createdMs: begin + minute } };
    histories.sample([young, ahead], begin);
    expect(histories.rateOf('tomorrow', begin)).toBe(5);
  });

  it('forgets feeds that are gone, and knows nothing of others', () => {
    const histories = new Histories();
    histories.sample([feed(5), feed(6, 'activity')], begin);
    histories.sample([feed(6, 'activity')], begin);
    expect(histories.countsOf('auth')).toEqual(Array(12).fill(0));
    expect(histories.rateOf('auth', begin)).toBe(0);
    expect(histories.countsOf('activity').at(-1)).toBe(6);
  });

  it('can be as long as a day', () => {
    const histories = new Histories(288);
    histories.sample([feed(5)], begin);
    histories.sample([feed(6)], begin + 23 * 60 * minute);
    const counts = histories.countsOf('auth');
    expect(counts).toHaveLength(288);
    expect([counts[11], counts.at(-1)]).toEqual([5, 1]);
  });
});
