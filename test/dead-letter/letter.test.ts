import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../src/core/types.ts';
import { decodeLetter, encodeLetter, letterId } from '../../src/dead-letter/letter.ts';

const letter: DeadLetter = {
  feedId: 'auth DACHILD > siem',
  account: { id: 'DACHILD', name: 'ACME', apiHost: 'api-2.duosecurity.com' },
  endpoint: 'auth',
  serverId: 'siem',
  eventId: 'event',
  timeMs: 1_700_000_000_123,
  reason: 'oversize',
  detail: 'too long',
  line: Buffer.from('{"a": "ü"}'),
  row: Buffer.from('{"a":"ü"}'),
};

const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('hex');

describe('a dead letter', () => {
  it('comes back from its line as it was, whatever its bytes and its time are', () => {
    fc.assert(
      fc.property(
        fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined }),
        fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined }),
        fc.oneof(fc.integer(), fc.constant(9e15)),
        (line, row, timeMs) => {
          const { line: _, row: __, ...rest } = letter;
          const one = { ...rest, ...(line && { line }), ...(row && { row }), timeMs };
          const text = encodeLetter(one, 0);
          expect(text.indexOf('\n')).toBe(text.length - 1);
          const stored = decodeLetter(text.subarray(0, -1));
          expect(hex(stored?.line)).toBe(hex(line));
          expect(hex(stored?.row)).toBe(hex(row));
          expect(stored).toMatchObject({ ...rest, timeMs, at: '1970-01-01T00:00:00.000Z' });
        },
      ),
    );
  });

  it('has one id however often the same event is put aside, and another one for any other', () => {
    const twice = [0, 5_000].map((nowMs) => decodeLetter(encodeLetter(letter, nowMs)));
    expect(twice[0]?.id).toBe(letterId(letter));
    expect(twice[1]?.id).toBe(twice[0]?.id);
    const { line: _, ...unformatted } = letter;
    const others = [
      { ...letter, feedId: 'x' },
      { ...letter, eventId: 'x' },
      { ...letter, line: Buffer.from('x') },
      unformatted,
    ];
    expect(new Set([letter, ...others].map(letterId)).size).toBe(5);
  });

  it.each(['', 'nonsense', 'null', '[]', '{}', '{"feed":"a","endpoint":"b","server":"c"}'])(
    'is not seen in a damaged line: %j',
    (text) => {
      expect(decodeLetter(Buffer.from(text))).toBeUndefined();
    },
  );

  it('of a shape that somebody changed by hand has no wrong time', () => {
    const text = encodeLetter(letter, 0).toString().replace('2023-11-14T22:13:20.123Z', 'once');
    expect(decodeLetter(Buffer.from(text))?.timeMs).toBe(0);
  });
});
