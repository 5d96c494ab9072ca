import { describe, expect, it } from 'vitest';
import { endOf, openRange, beginRange, rangeRules } from '../../src/backfill/range.ts';
import { keyOf, selected } from '../../src/backfill/request.ts';
import { newTrack, partOf } from '../../src/backfill/track.ts';
import { ForwarderError } from '../../src/core/errors.ts';
import type { Account } from '../../src/core/types.ts';
import { begin } from '../../src/engine/window.ts';
import { rules } from '../engine/parts.ts';

const child = (id: string, name: string): Account => ({ id, name, apiHost: 'duo.test' });
const feeds = [child('DA1', 'Acme'), child('DA2', 'Globex')].flatMap((account) =>
  ['auth', 'activity'].map((endpoint) => ({ account, endpoint, server: 'siem' })),
);
const none = { endpoints: [], accounts: [], servers: [] };
const nowMs = Date.UTC(2026, 0, 10);

describe('what a backfill is asked for', () => {
  it('names the same command the same, in whatever order its lists are', () => {
    const key = keyOf('30d', '', { ...none, endpoints: ['auth', 'activity'] });
    expect(key).toMatch(/^[0-9a-f]{16}$/);
    expect(keyOf('30d', '', { ...none, endpoints: ['activity', 'auth', 'auth'] })).toBe(key);
    expect(keyOf('31d', '', { ...none, endpoints: ['auth', 'activity'] })).not.toBe(key);
    expect(keyOf('30d', '', { ...none, accounts: ['auth', 'activity'] })).not.toBe(key);
  });

  it('means all feeds, or those that are named by id or name', () => {
    expect(selected(feeds, none)).toHaveLength(4);
    expect(selected(feeds, { ...none, accounts: ['Acme', 'DA2'], endpoints: ['auth'] })).toEqual([
      feeds[0],
      feeds[2],
    ]);
  });

  it.each([
    [{ endpoints: ['telephony'] }, "endpoint 'telephony'", 'auth, activity'],
    [{ accounts: ['Acme', 'Initech'] }, "account 'Initech'", 'DA1, DA2'],
    [{ servers: ['sime'] }, "server 'sime'", 'siem'],
  ])('refuses a name that is none: %o', (names, what, hint) => {
    const refused = (): unknown => selected(feeds, { ...none, ...names });
    expect(refused).toThrow(ForwarderError);
    expect(refused).toThrow(what);
    try {
      refused();
    } catch (error) {
      expect(error).toMatchObject({
        code: 'no_such_feed',
        hint: expect.stringContaining(hint) as string,
      });
    }
  });
});

describe('the range of a backfill', () => {
  it('ends at the earliest of what was asked, the position, and the ids that the live feed knows', () => {
    const live = { ...begin(1_000), positionMs: 5_000, idsSinceMs: 3_000 };
    expect(endOf(9_000, live)).toBe(3_000);
    expect(endOf(2_000, live)).toBe(2_000);
    expect(endOf(9_000, { ...live, idsSinceMs: 5_001 })).toBe(5_000);
    expect(endOf(9_000, undefined)).toBe(9_000);
  });

  it('is asked for no more when all of it is older than Duo serves', () => {
    const range = { fromMs: nowMs - 181 * 86_400_000, toMs: nowMs - 180 * 86_400_000 };
    expect(openRange(beginRange(range, nowMs), range, nowMs, rangeRules(rules))).toBeUndefined();
  });

  it('is clamped at the edge that moves on, and what was missed is told', () => {
    const range = { fromMs: nowMs - 182 * 86_400_000, toMs: nowMs };
    const opened = openRange(
      { ...beginRange(range, nowMs), fullest: 1 },
      range,
      nowMs,
      rangeRules(rules),
    );
    expect(opened?.gap).toMatchObject({ kind: 'reach', fromMs: range.fromMs });
    expect(opened?.cursor.window.mintimeMs).toBeGreaterThan(range.fromMs);
  });
});

describe('how far a backfill is', () => {
  const track = newTrack(feeds[0] ?? { account: child('', ''), endpoint: '', server: '' }, 'x', 0);

  it('is counted by events where Duo counts them, else by time', () => {
    expect(partOf(track)).toBe(0);
    expect(partOf({ ...track, toMs: 100, atMs: 25 })).toBe(0.25);
    expect(partOf({ ...track, toMs: 100, atMs: 25, total: 10, sent: 5 })).toBe(0.5);
    expect(partOf({ ...track, total: 10, sent: 50 })).toBe(1);
    expect(partOf({ ...track, state: 'done' })).toBe(1);
  });
});
