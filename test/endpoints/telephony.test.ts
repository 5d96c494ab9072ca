import { describe, expect, it } from 'vitest';
import { telephony } from '../../src/endpoints/telephony.ts';
import { answerOf, rowOf } from './answers.ts';

const row = {
  context: 'enrollment',
  credits: 1,
  phone: '+17345550100',
  telephony_id: '220f89ff-bff8-4466-b6cb-b7787940ce68',
  ts: '2026-03-21T22:34:49.466370+00:00',
  txid: '2f5d34d3-053f-422c-9dd4-77a5d58706b1',
  type: 'sms',
};

describe('The telephony log', () => {
  it('holds its rows in items and its offset in a text', () => {
    const answer = answerOf({ items: [row], metadata: { next_offset: '1774132489466,220f89ff' } });
    expect(telephony.rows(answer)).toHaveLength(1);
    expect(telephony.offset(answer)).toBe('1774132489466,220f89ff');
  });

  it('names a row by its telephony_id, not by the sign-in it belongs to', () => {
    expect(telephony.id(rowOf(row))).toBe(row.telephony_id);
    expect(telephony.id(rowOf({ txid: row.txid }))).toBeUndefined();
  });

  it('takes the time from ts, to the millisecond below', () => {
    expect(telephony.timeMs(rowOf(row))).toBe(1774132489466);
  });

  it("carries no labels, because DLS's line of the v2 log has none", () => {
    expect(telephony.profile.labelled).toBe(false);
    expect(telephony.profile.dls?.kind(row)).toBe('telephony');
    expect(telephony.profile.dls?.title(row)).toBe('telephony');
  });
});
