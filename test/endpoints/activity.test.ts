import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/types.ts';
import { activity } from '../../src/endpoints/activity.ts';
import { cef } from '../../src/formatters/cef.ts';
import { parseCef } from '../formatters/cef-parser.ts';
import { eventOf, options, origin, textOf } from '../formatters/events.ts';
import { answerOf, rowOf } from './answers.ts';

function cefOf(row: JsonObject): ReadonlyMap<string, string> {
  const line = cef.create(options).format(eventOf(JSON.stringify(row)), origin, activity.profile);
  return parseCef(textOf(line)).pairs;
}

describe('The activity log', () => {
  it('holds its rows in items, with ids and times of their own', () => {
    const row = { activity_id: '720b8360', ts: '2026-03-21T15:51:22.591015+00:00' };
    const answer = answerOf({ items: [row], metadata: { next_offset: '1774108282591,720b8360' } });
    expect(activity.rows(answer).map((r) => activity.id(r))).toEqual(['720b8360']);
    expect(activity.timeMs(rowOf(row))).toBe(1774108282591);
    expect(activity.offset(answer)).toBe('1774108282591,720b8360');
  });

  it.each<[JsonObject, string]>([
    [{ action: { name: 'user_update', details: null } }, 'user_update'],
    [{ action: 'user_update' }, 'user_update'],
    [{ action: { name: null }, action_extended: { name: 'user_update' } }, 'user_update'],
    [{ action: 'old', action_extended: { name: 'user_update' } }, 'user_update'],
  ])('knows the action in %j', (row, expected) => {
    expect(activity.profile.dls?.kind(row)).toBe(expected);
    expect(cefOf(row).get('act')).toBe(expected);
  });

  it('has a class and a name also when the action and the actor are missing', () => {
    expect(activity.profile.dls?.kind({ action: null })).toBe('activity');
    expect(activity.profile.dls?.title({ actor: null })).toBe('activity');
    expect(activity.profile.dls?.title({ actor: { type: 'admin' } })).toBe('admin');
    expect(cefOf({ action: { name: null, details: 'x' } }).has('act')).toBe(false);
  });

  it('knows the address inside an object and as a text, with and without a port', () => {
    const src = (ip: JsonObject | string): string | undefined =>
      cefOf({ access_device: { ip } }).get('src');
    expect(src({ address: '203.0.113.20' })).toBe('203.0.113.20');
    expect(src({ address: '203.0.113.20:443' })).toBe('203.0.113.20');
    expect(src('2001:db8::77')).toBe('2001:db8::77');
    expect(src({})).toBeUndefined();
  });

  it('passes JSON inside a text on as text, whole or broken', () => {
    expect(cefOf({ target: { details: '{"a": "b=c"}' } }).get('msg')).toBe('{"a": "b=c"}');
    expect(cefOf({ target: { details: '{"a": ' } }).get('msg')).toBe('{"a":');
    expect(cefOf({ target: null, application: null, outcome: null }).size).toBe(0);
  });

  it('takes the outcome from where Duo puts it and from where DLS looked for it', () => {
    expect(cefOf({ outcome: { result: 'FAILURE' } }).get('outcome')).toBe('FAILURE');
    expect(cefOf({ result: 'SUCCESS' }).get('outcome')).toBe('SUCCESS');
  });
});
