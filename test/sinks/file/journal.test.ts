import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  archiveMark,
  decodeJournal,
  encodeJournal,
  type Journal,
  markOf,
} from '../../../src/sinks/file/journal.ts';

const journal: Journal = {
  feedId: 'auth > archive',
  endpoint: 'auth',
  accountId: undefined,
  apiHost: 'api.test',
  history: '0123456789abcdef',
  pages: [
    { number: 7, files: [{ path: 'auth/2026-11-25.log', length: 0 }] },
    { number: 8, files: [] },
  ],
};

/** A journal whose checksum is right, whatever it holds. */
function signed(change: (body: Record<string, unknown>) => void): Buffer {
  const { sha256: _, ...body } = JSON.parse(
    Buffer.from(encodeJournal(journal)).toString('utf8'),
  ) as Record<string, unknown>;
  change(body);
  const sha256 = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  return Buffer.from(JSON.stringify({ ...body, sha256 }));
}

describe('a journal', () => {
  it('is read as it was written', () => {
    expect(decodeJournal(encodeJournal(journal))).toEqual(journal);
    const child = { ...journal, accountId: 'DA1' };
    expect(decodeJournal(encodeJournal(child))).toEqual(child);
  });

  it('with any byte changed or missing is none, and says why', () => {
    const bytes = encodeJournal(journal);
    // The newline at the end says nothing.
    const place = fc.nat(bytes.length - 2);
    fc.assert(
      fc.property(place, fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, bits, cut) => {
        const damaged = cut ? bytes.slice(0, at) : Uint8Array.from(bytes);
        if (!cut) damaged[at] = (damaged[at] ?? 0) ^ bits;
        expect(decodeJournal(damaged)).toMatch(/^(it|its) /);
      }),
    );
  });

  it.each([
    '../../etc/passwd',
    'auth/../../x',
    '/etc/passwd',
    'auth/./x',
    '.duologsync/x',
    'auth\\..\\..\\x',
    'a\0b',
    '',
  ])('never names a file outside the archive: %j', (path) => {
    const bytes = signed((body) => (body['pages'] = [{ number: 1, files: [[path, 0]] }]));
    expect(decodeJournal(bytes)).toBe('its shape is wrong');
  });

  it.each([
    ['no pages', (body: Record<string, unknown>) => (body['pages'] = [])],
    [
      'a hole between pages',
      (body) => (body['pages'] = [1, 3].map((n) => ({ number: n, files: [] }))),
    ],
    ['a negative length', (body) => (body['pages'] = [{ number: 1, files: [['a', -1]] }])],
    ['half a byte', (body) => (body['pages'] = [{ number: 1, files: [['a', 0.5]] }])],
    ['no feed', (body) => delete body['feed']],
    ['another account', (body) => (body['account'] = 5)],
  ] as [string, (body: Record<string, unknown>) => unknown][])('is none with %s', (_, change) => {
    expect(decodeJournal(signed((body) => void change(body)))).toBe('its shape is wrong');
  });

  it('of a later format is not understood', () => {
    expect(decodeJournal(signed((body) => (body['format'] = 2)))).toBe(
      'a newer duologsync wrote it',
    );
  });
});

describe('a mark', () => {
  const mark = {
    directory: '/data',
    journal: 'auth___archive-0123456789abcdef.json',
    history: 'h',
    page: 3,
  };

  it('goes through a checkpoint unchanged', () => {
    expect(archiveMark(markOf(mark))).toEqual(mark);
  });

  it.each([
    undefined,
    null,
    5,
    'x',
    [],
    { ...mark, journal: '../../etc/passwd' },
    { ...mark, journal: 'x.json' },
    { ...mark, page: -1 },
    { ...mark, page: '3' },
    { ...mark, history: 1 },
  ])('of another kind is none: %j', (other) => {
    expect(archiveMark(other)).toBeUndefined();
  });
});
