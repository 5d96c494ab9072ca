import { describe, expect, it } from 'vitest';
import { auth } from '../../src/endpoints/auth.ts';
import { answerOf, rowOf } from './answers.ts';

describe('The authentication log', () => {
  it('holds its rows in authlogs and its offset in an array', () => {
    const answer = answerOf({
      authlogs: [{ txid: 'a' }, { txid: 'b' }],
      metadata: { next_offset: ['1532951895000', 'b'], total_objects: 2 },
    });
    expect(auth.rows(answer).map((row) => auth.id(row))).toEqual(['a', 'b']);
    expect(auth.offset(answer)).toBe('1532951895000,b');
  });

  it('ends at an empty page whose offset is null', () => {
    const answer = answerOf({ authlogs: [], metadata: { next_offset: null, total_objects: 0 } });
    expect(auth.rows(answer)).toEqual([]);
    expect(auth.offset(answer)).toBeUndefined();
  });

  it('is not read from the answer of the old log, which is an array', () => {
    expect(() => auth.rows(answerOf([{ txid: 'a' }]))).toThrow(/no list of rows/);
  });

  it('takes the time with its fraction, in milliseconds, before the whole seconds', () => {
    const row = { isotimestamp: '2026-02-13T18:56:20.351346+00:00', timestamp: 1771008980 };
    expect(auth.timeMs(rowOf(row))).toBe(1771008980351);
    expect(auth.timeMs(rowOf({ ...row, isotimestamp: null }))).toBe(1771008980000);
    expect(auth.timeMs(rowOf({ timestamp: 'unknown' }))).toBeUndefined();
  });

  it('reads a time with no fraction, with three digits and with stray blanks', () => {
    const timeMs = (isotimestamp: string): number | undefined =>
      auth.timeMs(rowOf({ isotimestamp }));
    expect(timeMs('2026-02-13T18:56:20+00:00')).toBe(1771008980000);
    expect(timeMs('2026-02-13T18:56:20.351+00:00')).toBe(1771008980351);
    expect(timeMs('2026-02-13T18: 56: 20+00: 00')).toBe(1771008980000);
  });

  it('has enrolments without an id and without an ISO time', () => {
    const row = rowOf({ event_type: 'enrollment', timestamp: 1771008980 });
    expect(auth.id(row)).toBeUndefined();
    expect(auth.timeMs(row)).toBe(1771008980000);
  });

  it("carries DLS's labels, and its class does not depend on the row", () => {
    expect(auth.profile.labelled).toBe(true);
    expect(auth.profile.dls?.kind({ event_type: 'enrollment' })).toBe('authentication');
    expect(auth.profile.dls?.title({})).toBe('authentication');
  });
});
