import { describe, expect, it } from 'vitest';
import { trustmonitor } from '../../src/endpoints/trustmonitor.ts';
import { answerOf, rowOf } from './answers.ts';

const window = { mintimeMs: 1771008980351, endMs: 1771012580351 };

describe('Trust Monitor', () => {
  it('is asked in milliseconds for 200 rows, and goes on by the offset as it came', () => {
    expect(trustmonitor.params(window)).toEqual({
      mintime: '1771008980351',
      maxtime: '1771012580351',
      limit: '200',
    });
    expect(trustmonitor.params({ ...window, offset: '31229' })).toMatchObject({ offset: '31229' });
  });

  it('ends at empty metadata; its offset is a text or a number and never reckoned with', () => {
    const page = (metadata: Record<string, string | number>): string | undefined =>
      trustmonitor.offset(answerOf({ events: [], metadata }));
    expect(page({})).toBeUndefined();
    expect(page({ next_offset: '00031229' })).toBe('00031229');
    expect(page({ next_offset: 2 })).toBe('2');
    expect(trustmonitor.rows(answerOf({ events: [{}, {}], metadata: {} }))).toHaveLength(2);
  });

  it('promises no order, and looks back a day', () => {
    expect(trustmonitor).toMatchObject({ ordered: false, lookbackMs: 86_400_000, pageLimit: 200 });
  });

  it('takes an event whose state has changed for another event', () => {
    const id = (row: Record<string, string | null>): string | undefined =>
      trustmonitor.id(rowOf(row));
    expect(id({ sekey: 'SE1', state: 'new' })).toBe(id({ sekey: 'SE1', state: 'new' }));
    expect(id({ sekey: 'SE1', state: 'new' })).not.toBe(id({ sekey: 'SE1', state: 'processed' }));
    expect(id({ sekey: 'SE1', state: null })).toBe(id({ sekey: 'SE1' }));
    expect(id({ state: 'new' })).toBeUndefined();
  });

  it('takes the time at which an event surfaced, not that of the sign-in', () => {
    const row = rowOf({ surfaced_timestamp: 1605602911680, surfaced_auth: { timestamp: 1 } });
    expect(trustmonitor.timeMs(row)).toBe(1605602911680);
    expect(trustmonitor.timeMs(rowOf({ surfaced_timestamp: null }))).toBeUndefined();
  });

  it('has no labels in JSON, as in DLS, and no form of CEF that DLS knew', () => {
    expect(trustmonitor.profile).toMatchObject({ eventType: 'trust_monitor', labelled: false });
    expect(trustmonitor.profile.dls).toBeUndefined();
  });

  it('is graver when Duo or an administrator says so', () => {
    const severity = (row: Record<string, string | boolean>): number =>
      trustmonitor.profile.classify(row).severity;
    expect(severity({ type: 'bypass_status' })).toBe(7);
    expect(severity({ type: 'bypass_status', priority_event: true })).toBe(8);
    expect(
      severity({ type: 'bypass_status', priority_event: true, triaged_as_interesting: true }),
    ).toBe(9);
    expect(severity({ type: 'auth', priority_event: 'unknown' })).toBe(6);
  });

  it('names a type that nobody knows yet', () => {
    expect(trustmonitor.profile.classify({ type: 'Tor exit' })).toEqual({
      id: 'trustmonitor.tor_exit',
      name: 'Duo Trust Monitor: tor exit',
      severity: 6,
    });
  });
});
