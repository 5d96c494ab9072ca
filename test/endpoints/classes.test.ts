import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/types.ts';
import { activity } from '../../src/endpoints/activity.ts';
import { adminaction } from '../../src/endpoints/adminaction.ts';

const known = readFileSync(new URL('../cases/formats/event-classes.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((row) => {
    const [kind = '', action = '', id = '', name = '', severity = ''] = row.split('\t');
    return { kind, action, expected: { id, name, severity: Number(severity) } };
  });

const ofAdmin = (body: JsonObject): number => adminaction.profile.classify(body).severity;
const ofActivity = (body: JsonObject): number => activity.profile.classify(body).severity;

describe('The class of an action', () => {
  it('is as published for all 336 known actions', () => {
    expect(known).toHaveLength(336);
    for (const { kind, action, expected } of known) {
      const got =
        kind === 'activity'
          ? activity.profile.classify({ action: { name: action } })
          : adminaction.profile.classify({ action });
      expect(got).toEqual(expected);
    }
  });

  it('is the highest of all where an administrator reports fraud', () => {
    const description = '{"error": "Login was reported as FRAUD"}';
    expect(ofAdmin({ action: 'admin_2fa_error', description })).toBe(9);
    expect(ofAdmin({ action: 'admin_2fa_error', description: 'timed out' })).toBe(6);
    expect(ofAdmin({ action: 'admin_login', description })).toBe(3);
    const target = { details: { error: 'fraud' } };
    expect(ofActivity({ action: { name: 'admin_2fa_error' }, target })).toBe(9);
  });

  it('is high where a user is set to bypass, not where one was so before', () => {
    expect(ofAdmin({ action: 'user_update', description: '{"status": "Bypass"}' })).toBe(7);
    expect(ofAdmin({ action: 'user_update', description: '{"status":"bypass"}' })).toBe(7);
    expect(ofAdmin({ action: 'user_update', description: '{"notes": "Bypass"}' })).toBe(4);
    const target = { details: '{"status": "Bypass"}' };
    expect(ofActivity({ action: { name: 'user_update' }, target })).toBe(7);
    const old_target = target;
    expect(ofActivity({ action: { name: 'user_update' }, target, old_target })).toBe(4);
  });

  it('is raised by a failure, never lowered', () => {
    const outcome = { result: 'FAILURE' };
    expect(ofActivity({ action: { name: 'admin_login' }, outcome })).toBe(4);
    expect(ofActivity({ action: { name: 'admin_create' }, outcome })).toBe(8);
    expect(ofActivity({ action: { name: 'admin_login' }, outcome: { result: 'SUCCESS' } })).toBe(3);
  });

  it('has an id and a name where there is no action', () => {
    expect(adminaction.profile.classify({})).toEqual({
      id: 'admin.unknown',
      name: 'Duo admin action',
      severity: 3,
    });
    expect(activity.profile.classify({ action: 'plain_text' }).id).toBe('activity.plain_text');
    const extended = { action_extended: { name: 'newer' }, action: 'older' };
    expect(activity.profile.classify(extended).id).toBe('activity.newer');
  });
});
