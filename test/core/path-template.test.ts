import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accountName,
  type ArchiveFeed,
  type ArchiveLayout,
  defaultLayout,
  duoWatcherLayout,
  pathsFor,
} from '../../src/core/path-template.ts';
import { templateProblem } from '../../src/core/path-template-checks.ts';

const auth: ArchiveFeed = { endpoint: 'auth', accountId: undefined };
const utc = (text: string): number => Date.parse(text);
const pathOf = (timeMs: number, layout = defaultLayout, feed = auth): string =>
  pathsFor(layout, feed)(timeMs);

const endpoints = [
  'auth',
  'telephony',
  'adminaction',
  'activity',
  'trustmonitor',
  'offline_enrollment',
];
const feeds = fc.record({
  endpoint: fc.constantFrom(...endpoints),
  accountId: fc.oneof(fc.constant(undefined), fc.string(), fc.stringMatching(/^D[A-Z0-9]{2,19}$/)),
});
const times = fc.integer({ min: 0, max: utc('2099-12-31T23:59:59Z') });
const templates = fc
  .array(
    fc.constantFrom(
      '{account}',
      '{endpoint}',
      '{YYYY}',
      '{YY}',
      '{MM}',
      '{DD}',
      '{HH}',
      '/',
      '-',
      '.',
      '..',
      'duo',
      ' ',
      '\\',
      '{x}',
      'con',
    ),
    { minLength: 1, maxLength: 14 },
  )
  .map((parts) => parts.join(''))
  .filter(
    (template) =>
      templateProblem(template, { endpoints: 2, children: true, retention: true }) === undefined,
  );

describe('the path of an event', () => {
  it('is a folder per endpoint and a file per UTC day, unless the config says otherwise', () => {
    expect(pathOf(utc('2026-11-25T23:59:59.999Z'))).toBe('auth/2026-11-25.log');
    expect(pathOf(utc('2026-11-26T00:00:00Z'))).toBe('auth/2026-11-26.log');
  });

  it("has a child account's id as the first folder", () => {
    const child = { endpoint: 'telephony', accountId: 'DA0123456789ABCDEFGH' };
    expect(pathOf(utc('2026-01-02T03:04:05Z'), defaultLayout, child)).toBe(
      'DA0123456789ABCDEFGH/telephony/2026-01-02.log',
    );
  });

  it("is Duo Watcher's with its preset", () => {
    const at = new Date(2025, 11, 31, 23, 59).getTime();
    const names = endpoints.map((endpoint) =>
      pathOf(at, duoWatcherLayout, { endpoint, accountId: undefined }),
    );
    expect(names).toEqual([
      'auth/251231',
      'phone/251231',
      'admin/251231',
      'activity/251231',
      'trustmonitor/251231',
      'offline_enrollment/251231',
    ]);
  });

  it('fills in every part of the date, and "main" where the account can not be left out', () => {
    const layout = {
      template: '{endpoint}-{account}/{YYYY}/{YY}-{MM}/{DD}T{HH}',
      timeZone: 'utc',
    } as const;
    expect(pathOf(utc('2026-03-04T05:06:07Z'), layout)).toBe('auth-main/2026/26-03/04T05');
  });

  it('stays inside four-digit years for times that no calendar has', () => {
    expect(pathOf(-1)).toBe('auth/1970-01-01.log');
    expect(pathOf(8.64e15)).toBe('auth/9999-12-30.log');
  });
});

describe('a template that is allowed', () => {
  it('never leads out of the directory, whatever the account is called', () => {
    fc.assert(
      fc.property(templates, feeds, times, fc.constantFrom('utc', 'local'), (...given) => {
        const [template, feed, timeMs, timeZone] = given;
        const layout: ArchiveLayout = { template, timeZone };
        const segments = pathOf(timeMs, layout, feed).split('/');
        for (const segment of segments) {
          expect(segment).toMatch(/^[^./\\<>:"|?*\u0000-\u0020][^/\\<>:"|?*\u0000-\u001f]*$/);
          expect(segment).not.toMatch(/[. ]$/);
          expect(segment).not.toMatch(/^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i);
          expect(Buffer.byteLength(segment)).toBeLessThan(255);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never lets two feeds meet in one file, also where capitals do not count', () => {
    fc.assert(
      fc.property(templates, feeds, feeds, times, times, (template, a, b, aMs, bMs) => {
        fc.pre(a.endpoint !== b.endpoint || a.accountId !== b.accountId);
        const layout: ArchiveLayout = { template, timeZone: 'utc' };
        const paths = [pathOf(aMs, layout, a), pathOf(bMs, layout, b)];
        expect(paths[0]?.toLowerCase()).not.toBe(paths[1]?.toLowerCase());
      }),
      { numRuns: 500 },
    );
  });
});

describe('the name of an account', () => {
  it('is its id as it is, where that is a plain word', () => {
    expect(accountName('DA0123456789ABCDEFGH')).toBe('DA0123456789ABCDEFGH');
    expect(accountName(undefined)).toBe('main');
  });

  it.each(['../../etc', 'CON', 'da1', 'MAIN', '', '.', 'a/b', 'ä', 'x'.repeat(500)])(
    'is a safe word for %j',
    (id) => {
      expect(accountName(id)).toMatch(/^[a-z0-9_]{0,40}-[0-9a-f]{16}$/);
    },
  );
});
