import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Phase } from '../../src/engine/feed-status.ts';
import { defaultAccount, type SimulatedAccount } from '../../src/simulator/options.ts';
import { until } from '../helpers/program.ts';
import { openRig, type Rig, type RigOptions } from './duo-rig.ts';

vi.setConfig({ testTimeout: 120_000 });

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function well(options: RigOptions = {}): Promise<Rig> {
  // A quarter of an hour's wait takes a second.
  rig = await openRig({ factor: 900, ...options });
  rig.add('auth', 5);
  rig.add('telephony', 5);
  await rig.arrived();
  return rig;
}

const whole = { lost: [], repeated: 0, malformed: [], unknown: [] };
const phases = ({ app }: Rig): Phase[] => app.statuses.map(({ phase }) => phase);

interface Refusal {
  readonly refusal: string;
  readonly accounts: readonly SimulatedAccount[];
  readonly code: string;
  readonly hint: RegExp;
}

const ofAll: readonly Refusal[] = [
  {
    refusal: 'revokes the key',
    accounts: [],
    code: 'duo_invalid_key',
    hint: /account.ikey/,
  },
  {
    refusal: 'has another secret for the key',
    accounts: [{ ...defaultAccount, skey: 'reset-in-the-admin-panel' }],
    code: 'duo_invalid_signature',
    hint: /account.skey/,
  },
  {
    refusal: 'keeps the key to other networks',
    accounts: [{ ...defaultAccount, networks: ['203.0.113.7'] }],
    code: 'duo_forbidden',
    hint: /permitted networks/,
  },
];

describe('the whole program, when Duo', () => {
  it.each(ofAll)('$refusal, parks every feed, tests it again and goes on', async (refusal) => {
    const { duo, said, app } = await well();
    duo.setAccounts(refusal.accounts);
    rig?.add('auth', 5);
    rig?.add('telephony', 5);
    const { accounts: _, code, hint } = refusal;
    for (const feed of ['auth > siem', 'telephony > siem']) {
      const line = await rig?.told(code, feed);
      expect(line).toMatchObject({
        level: 'error',
        fields: { next_try_seconds: expect.any(Number) as number },
      });
      expect(line?.fields['hint']).toMatch(hint);
    }
    await until('all to be parked', () => app.statuses.every(({ phase }) => phase === 'parked'));
    const asked = duo.journal.length;
    await until('another test', () => duo.journal.length > asked);
    duo.setAccounts([defaultAccount]);
    await rig?.arrived();
    expect(rig?.report()).toMatchObject(whole);
    expect(said.filter(({ level }) => level === 'error')).toHaveLength(2);
  });

  it('forbids one log, parks that feed alone, and goes on when it may be read', async () => {
    const { duo, said } = await well();
    duo.setAccounts([{ ...defaultAccount, permissions: ['telephony'] }]);
    rig?.add('auth', 5);
    const line = await rig?.told('duo_forbidden', 'auth');
    expect(line?.fields['hint']).toMatch(/Grant read log/);
    rig?.add('telephony', 5);
    await rig?.arrived('telephony');
    await until('the one to be parked, the other to run', () => {
      return rig !== undefined && phases(rig).join() === 'parked,running';
    });
    duo.setAccounts([defaultAccount]);
    await rig?.arrived();
    expect(rig?.report()).toMatchObject(whole);
    expect(said.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('says 429 for ever, waits, says so, and reads the other logs meanwhile', async () => {
    const { duo, said } = await well();
    duo.faults.push({ kind: 'tooManyRequests', endpoint: 'auth', times: Infinity });
    rig?.add('auth', 5);
    const line = await rig?.told('duo_rate_limited', 'auth');
    expect(line).toMatchObject({ level: 'warn' });
    expect(line?.fields['hint']).toMatch(/another program/);
    expect(Number(line?.fields['next_try_seconds'])).toBeGreaterThan(60);
    rig?.add('telephony', 5);
    await rig?.arrived('telephony');
    const asked = duo.journal.filter(({ endpoint }) => endpoint === 'auth').length;
    await until('another try', () => {
      return duo.journal.filter(({ endpoint }) => endpoint === 'auth').length > asked;
    });
    duo.faults.clear();
    await rig?.arrived();
    expect(rig?.report()).toMatchObject(whole);
    expect(said.filter(({ fields }) => fields['code'] === 'duo_rate_limited')).toHaveLength(1);
  });

  it.each([
    ['a year', '31536000', 3_600_000],
    ['less than nothing', '-5', 60_000],
    ['a date', 'Wed, 21 Oct 2026 07:28:00 GMT', 60_000],
    ['nonsense', 'soon', 60_000],
  ])('asks to wait for %s, waits an hour at most', async (_, header, waitMs) => {
    const { duo, clock } = await well({ factor: 3_600 });
    const headers = { 'Retry-After': header };
    const body = '{"stat":"FAIL","code":42901,"message":"Too Many Requests"}';
    duo.faults.push({ kind: 'status', status: 429, headers, body, endpoint: 'auth' });
    await until('the refusal', () => duo.journal.some(({ status }) => status === 429));
    const sinceMs = clock.monotonicMs();
    rig?.add('auth', 5);
    await rig?.arrived();
    expect(clock.monotonicMs() - sinceMs).toBeGreaterThan(0.9 * waitMs);
    expect(rig?.report()).toMatchObject(whole);
  });
});
