import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecord, encodeRecord, type CheckpointRecord } from '../../src/checkpoint/record.ts';

const time = fc.oneof(fc.nat(4e12), fc.double({ min: 0, max: 4e12, noNaN: true }).map(Math.abs));
const identity = fc.record({
  accountId: fc.option(fc.string(), { nil: undefined }),
  endpoint: fc.string(),
  server: fc.record({
    id: fc.string(),
    protocol: fc.string(),
    hostname: fc.string(),
    port: fc.nat(65535),
  }),
});
const window = fc.record(
  {
    mintimeMs: time,
    endMs: time,
    nowMs: time,
    fromMs: time,
    offset: fc.string({ unit: 'binary' }),
    rereadPages: fc.nat(20),
    empties: fc.nat(3),
    restarted: fc.boolean(),
    newestMs: time,
    lastPage: fc.base64String(),
  },
  { requiredKeys: ['mintimeMs', 'endMs', 'nowMs', 'fromMs'] },
);
const cursor = fc.record(
  {
    positionMs: time,
    positionId: fc.string({ unit: 'grapheme' }),
    readToMs: time,
    rereadAtMs: time,
    rereadToMs: time,
    rereadsBroken: fc.integer({ min: 1, max: 3 }),
    idsSinceMs: time,
    taken: fc.base64String(),
    fullest: fc.nat(1000),
    window,
  },
  { requiredKeys: ['positionMs', 'readToMs', 'rereadAtMs', 'idsSinceMs', 'taken', 'fullest'] },
);

describe('a record on disk', () => {
  it('gives back every cursor and mark as it was', () => {
    fc.assert(
      fc.property(
        identity,
        cursor,
        fc.option(fc.json(), { nil: undefined }),
        (who, where, json) => {
          const mark = json === undefined ? {} : { mark: JSON.parse(json) as string };
          const record: CheckpointRecord = {
            identity: who,
            checkpoint: { cursor: where, ...mark },
            savedAtMs: 1,
            sequence: 2,
          };
          const reading = decodeRecord(encodeRecord(record), who);
          expect(reading.kind).toBe('good');
          if (reading.kind === 'good') expect(reading.record).toEqual(record);
        },
      ),
    );
  });

  it('with any single bit turned is refused, or means the same', () => {
    const record: CheckpointRecord = {
      identity: {
        accountId: 'DA1',
        endpoint: 'auth',
        server: { id: 'é', protocol: 'TCP', hostname: 'h', port: 514 },
      },
      checkpoint: {
        cursor: {
          positionMs: 1771008980351,
          positionId: 'tx',
          readToMs: 1,
          rereadAtMs: 2,
          idsSinceMs: 3,
          taken: 'AAAA',
          fullest: 4,
        },
        mark: 5,
      },
      savedAtMs: 6,
      sequence: 7,
    };
    const whole = encodeRecord(record);
    let refused = 0;
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const bytes = Uint8Array.from(whole);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const reading = decodeRecord(bytes);
      if (reading.kind === 'good') expect(reading.record).toEqual(record);
      else refused += 1;
      expect(reading.kind).not.toBe('newer');
    }
    expect(refused).toBeGreaterThan(whole.length * 7);
  });

  it('is never taken from bytes that are none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(decodeRecord(bytes).kind).toBe('bad');
        },
      ),
    );
  });
});
