import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { datedPaths } from '../../src/core/dated-paths.ts';
import {
  type ArchiveLayout,
  defaultLayout,
  duoWatcherLayout,
  pathsFor,
} from '../../src/core/path-template.ts';

const auth = { endpoint: 'auth', accountId: undefined };
const before = process.env['TZ'];
const inZone = (zone: string): void => void (process.env['TZ'] = zone);
const layouts: readonly ArchiveLayout[] = [
  defaultLayout,
  duoWatcherLayout,
  { template: '{endpoint}/{YYYY}/{MM}.log', timeZone: 'local' },
  { template: '{YYYY}/{endpoint}', timeZone: 'utc' },
  { template: '{endpoint}.{YYYY}{MM}{DD}{HH}', timeZone: 'utc' },
];
// Midnight itself is skipped in Beirut's spring; Lord Howe moves by half an hour.
const zones = ['UTC', 'America/New_York', 'Asia/Beirut', 'Australia/Lord_Howe', 'Asia/Kathmandu'];

afterEach(() => {
  if (before === undefined) delete process.env['TZ'];
  else process.env['TZ'] = before;
});

describe('the files of a template', () => {
  it.each(zones)('hold the times that led to them, in %s', (zone) => {
    inZone(zone);
    const times = fc.integer({ min: Date.UTC(2000, 0, 2), max: Date.UTC(2099, 11, 30) });
    fc.assert(
      fc.property(fc.constantFrom(...layouts), times, (layout, timeMs) => {
        const path = pathsFor(layout, auth)(timeMs);
        const period = datedPaths(layout, auth).periodOf(path);
        expect(period?.fromMs).toBeLessThanOrEqual(timeMs);
        expect(period?.toMs).toBeGreaterThan(timeMs);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['America/New_York', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'UTC'])(
    'are those of the calendar at every midnight and change of clocks, in %s',
    (zone) => {
      inZone(zone);
      const calendar = new Intl.DateTimeFormat('en-CA', {
        timeZone: zone,
        ...({ year: '2-digit', month: '2-digit', day: '2-digit' } as const),
      });
      const pathOf = pathsFor(duoWatcherLayout, auth);
      // Half hours, because some zones begin and change at them.
      for (let at = Date.UTC(2025, 11, 30); at < Date.UTC(2027, 0, 3); at += 1_800_000)
        for (const timeMs of [at - 1, at])
          expect(pathOf(timeMs)).toBe(`auth/${calendar.format(timeMs).replaceAll('-', '')}`);
    },
  );

  it.each([
    // The day with 23 hours, the one with 25, and one that begins at 1 o'clock.
    ['America/New_York', '260308', 23],
    ['America/New_York', '261101', 25],
    ['Asia/Beirut', '260329', 23],
    ['Europe/Berlin', '260329', 23],
    ['Asia/Kathmandu', '260329', 24],
  ])('of a local day in %s, %s, hold %d hours', (zone, name, hours) => {
    inZone(zone);
    const { periodOf } = datedPaths(duoWatcherLayout, auth);
    const period = periodOf(`auth/${name}`);
    expect(((period?.toMs ?? 0) - (period?.fromMs ?? 0)) / 3_600_000).toBe(hours);
    const pathOf = pathsFor(duoWatcherLayout, auth);
    expect(pathOf(period?.fromMs ?? 0)).toBe(`auth/${name}`);
    expect(pathOf((period?.toMs ?? 0) - 1)).toBe(`auth/${name}`);
    expect(pathOf(period?.toMs ?? 0)).not.toBe(`auth/${name}`);
    expect(pathOf((period?.fromMs ?? 0) - 1)).not.toBe(`auth/${name}`);
  });

  it.each([
    'auth/2026-02-30.log',
    'auth/2026-13-01.log',
    'auth/2026-1-1.log',
    'auth/2026-01-01.log.gz',
    'auth/2026-01-01xlog',
    'auth/02026-01-01.log',
    'auth/old/2026-01-01.log',
    'telephony/2026-01-01.log',
    'DA1/auth/2026-01-01.log',
    '2026-01-01.log',
  ])('are not %s', (path) => {
    expect(datedPaths(defaultLayout, auth).periodOf(path)).toBeUndefined();
  });

  it('are not those whose years differ', () => {
    const layout: ArchiveLayout = { template: '{YYYY}/{YY}{MM}', timeZone: 'utc' };
    const { periodOf, segments } = datedPaths(layout, auth);
    expect(periodOf('2026/2601')).toBeDefined();
    expect(periodOf('2026/2501')).toBeUndefined();
    expect(segments.map(({ source }) => source)).toEqual([
      '^([0-9]{4})$',
      '^([0-9]{2})([0-9]{2})$',
    ]);
  });

  it('have no time without a date', () => {
    const layout: ArchiveLayout = { template: '{endpoint}', timeZone: 'utc' };
    expect(datedPaths(layout, auth).periodOf('auth')).toBeUndefined();
  });
});
