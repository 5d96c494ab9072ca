import { describe, expect, it } from 'vitest';
import { offline_enrollment } from '../../src/endpoints/offline_enrollment.ts';
import { answerOf, rowOf } from './answers.ts';

const row = {
  action: 'o2fa_user_reenrolled',
  description: '{"user_agent": "Provider/4.2", "hostname": "pc-1", "factor": "duo_otp"}',
  isotimestamp: '2024-05-24T12:00:00+00:00',
  object: 'Windows logon',
  timestamp: 1716552000,
  username: 'ada',
};

describe('The offline enrollment log', () => {
  it('is asked in whole seconds from the start of the window, with nothing else', () => {
    const window = { mintimeMs: 1716552000999, endMs: 1716559200000, offset: 'x' };
    expect(offline_enrollment.params(window)).toEqual({ mintime: '1716552000' });
    expect(offline_enrollment).toMatchObject({ unit: 's', hasEnd: false, pageLimit: 1000 });
  });

  it('holds its rows in the response itself, without ids and without an offset', () => {
    const answer = answerOf([row, row]);
    expect(offline_enrollment.rows(answer)).toHaveLength(2);
    expect(offline_enrollment.offset(answer)).toBeUndefined();
    expect(offline_enrollment.id(rowOf(row))).toBeUndefined();
    expect(offline_enrollment.timeMs(rowOf(row))).toBe(1716552000000);
  });

  it('classes a row by its action, all alike in severity', () => {
    expect(offline_enrollment.profile.classify(row)).toEqual({
      id: 'offline.o2fa_user_reenrolled',
      name: 'Duo o2fa user reenrolled',
      severity: 4,
    });
    expect(offline_enrollment.profile.classify({}).name).toBe('Duo offline action');
  });

  it('reads the device out of the description, and bears one that holds none', () => {
    const host = offline_enrollment.profile.facts.find(({ means }) => means === 'clientHost');
    expect(host?.read(row)).toBe('pc-1');
    for (const description of [null, 'words', '{broken', '[1]', 7, {}]) {
      expect(host?.read({ ...row, description })).toBeUndefined();
    }
    expect(host?.read({ description: { hostname: 'pc-2' } })).toBe('pc-2');
  });
});
