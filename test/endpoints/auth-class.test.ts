import { describe, expect, it } from 'vitest';
import { authClass } from '../../src/endpoints/auth-class.ts';

const cases: readonly (readonly [string, number, Record<string, string>])[] = [
  ['auth.enrollment', 4, { event_type: 'enrollment', result: 'fraud' }],
  ['auth.fraud', 9, { result: 'fraud' }],
  ['auth.fraud', 9, { result: 'FRAUD', reason: 'locked_out' }],
  ['auth.fraud', 9, { result: 'denied', reason: 'user_marked_fraud' }],
  ['auth.bypass', 6, { result: 'success', reason: 'bypass_user' }],
  ['auth.bypass', 6, { result: 'success', factor: 'Bypass Code', reason: 'valid_passcode' }],
  ['auth.unenrolled_allowed', 5, { result: 'success', reason: 'allow_unenrolled_user' }],
  [
    'auth.unenrolled_allowed',
    5,
    { result: 'success', reason: 'allow_unenrolled_user_on_trusted_network' },
  ],
  ['auth.success.no_prompt', 2, { result: 'success', reason: 'remembered_device' }],
  ['auth.success.no_prompt', 2, { result: 'success', reason: 'trusted_network' }],
  ['auth.success.no_prompt', 2, { result: 'success', reason: 'trusted_location' }],
  ['auth.success.no_prompt', 2, { result: 'success', reason: 'allowed_by_policy' }],
  ['auth.success', 1, { result: 'SUCCESS', reason: 'User approved' }],
  ['auth.denied.anomalous_push', 8, { result: 'denied', reason: 'anomalous_push' }],
  ['auth.denied.locked_out', 7, { result: 'denied', reason: 'locked_out' }],
  ['auth.denied.location', 6, { result: 'denied', reason: 'location_restricted' }],
  ['auth.denied.location', 6, { result: 'denied', reason: 'Anonymous IP' }],
  ['auth.error', 5, { result: 'error' }],
  ['auth.error', 5, { result: 'denied', reason: 'error' }],
  ['auth.denied.user', 4, { result: 'denied', reason: 'no_response' }],
  ['auth.denied.user', 4, { result: 'FAILURE', reason: 'user_mistake' }],
  ['auth.denied.policy', 5, { result: 'denied', reason: 'a_reason_of_tomorrow' }],
  ['auth.denied.policy', 5, {}],
];

describe('The class of a sign-in', () => {
  it.each(cases)('is %s, severity %i, for %j', (id, severity, row) => {
    expect(authClass(row)).toMatchObject({ id, severity });
  });

  it('has one name for each id', () => {
    const names = new Map<string, string>();
    for (const [id, , row] of cases) {
      const { name } = authClass(row);
      expect(names.get(id) ?? name).toBe(name);
      names.set(id, name);
    }
    expect(new Set(names.values()).size).toBe(names.size);
    expect(names.get('auth.denied.policy')).toBe('Duo authentication denied by policy');
    expect(names.get('auth.denied.user')).toBe('Duo authentication denied or not completed');
  });
});
