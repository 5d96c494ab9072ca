import { describe, expect, it } from 'vitest';
import { adminaction } from '../../src/endpoints/adminaction.ts';
import { answerOf, rowOf } from './answers.ts';

describe('The administrator log', () => {
  it('is asked in whole seconds from the start of the window, with nothing else', () => {
    expect(
      adminaction.params({ mintimeMs: 1769267382999, endMs: 1769267400000, offset: 'x' }),
    ).toEqual({
      mintime: '1769267382',
    });
    expect(adminaction).toMatchObject({ unit: 's', hasEnd: false, pageLimit: 1000 });
  });

  it('holds its rows in the response itself and has no offset', () => {
    const answer = answerOf([{ action: 'a' }, { action: 'a' }]);
    expect(adminaction.rows(answer)).toHaveLength(2);
    expect(adminaction.offset(answer)).toBeUndefined();
    expect(() => adminaction.rows(answerOf({ items: [] }))).toThrow(/as its response/);
  });

  it('keeps twins apart by giving no id', () => {
    expect(
      adminaction.id(rowOf({ action: 'a', timestamp: 1769267382, txid: 'x' })),
    ).toBeUndefined();
  });

  it('takes the second that Duo compares with, even when the text of the time is broken', () => {
    const isotimestamp = '2026-01-24T15: 09: 42+00: 00';
    expect(adminaction.timeMs(rowOf({ timestamp: 1769267382, isotimestamp: 'x' }))).toBe(
      1769267382000,
    );
    expect(adminaction.timeMs(rowOf({ isotimestamp }))).toBe(1769267382000);
  });

  it('is named by its action', () => {
    expect(adminaction.profile.dls?.kind({ action: 'user_update' })).toBe('administrator');
    expect(adminaction.profile.dls?.title({ action: 'user_update' })).toBe('user_update');
    expect(adminaction.profile.dls?.title({ action: null })).toBe('administrator');
  });
});
