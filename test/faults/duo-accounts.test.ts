import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkSequence } from '../../src/simulator/check-sequence.ts';
import type { Effect } from '../../src/simulator/faults.ts';
import { defaultAccount, type SimulatedChild } from '../../src/simulator/options.ts';
import { until } from '../helpers/program.ts';
import { openRig, type Rig } from './duo-rig.ts';

vi.setConfig({ testTimeout: 120_000 });

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const parent = { ...defaultAccount, kind: 'accounts' } as const;
const child = (n: number): SimulatedChild => ({
  id: `DACHILD00000000000${n}`,
  name: `Child ${n}`,
  host: 'localhost',
});
const [one, two, three] = [child(1), child(2), child(3)];

/** An MSP with two children, whose list is asked for each hour. */
async function msp(): Promise<Rig> {
  rig = await openRig({
    factor: 1800,
    start: false,
    endpoints: ['auth'],
    duo: { accounts: [parent], children: [one, two] },
    account: ['is_msp: true'],
    overrides: { calls: { deadlineMs: 1_000 } },
  });
  return rig;
}

const report = (...children: readonly SimulatedChild[]) =>
  checkSequence({
    sent: children.flatMap(({ id }) => rig?.duo.ledger('auth', id) ?? []),
    received: rig?.siem.lines() ?? [],
    format: 'json',
  });
const arrived = (...children: readonly SimulatedChild[]): Promise<void> =>
  until('all to arrive', () => report(...children).lost.length === 0);
const addTo = (...children: readonly SimulatedChild[]): void => {
  for (const { id } of children) rig?.add('auth', 5, {}, id);
};
const says = (sentence: RegExp): Promise<void> =>
  until(
    `${sentence} in the log`,
    () => rig?.said.some((line) => sentence.test(line.sentence)) ?? false,
  );

const failures: readonly (Effect & { readonly code: string })[] = [
  { kind: 'status', status: 503, code: 'duo_server_error' },
  { kind: 'tooManyRequests', code: 'duo_rate_limited' },
  { kind: 'stall', code: 'duo_timeout' },
  { kind: 'wrongShape', body: '{"stat":"OK","response":{}}', code: 'duo_wrong_shape' },
  { kind: 'wrongShape', body: '{"stat":"OK","response":[]}', code: 'accounts_empty' },
];

describe('the whole program, when the list of child accounts', () => {
  it.each(failures)(
    'fails ($kind: $code), reads the children that it knows, also after a restart',
    async (failure) => {
      const { duo, said } = await msp();
      addTo(one, two);
      await rig?.start();
      await arrived(one, two);
      const { code, ...effect } = failure;
      duo.faults.push({ ...effect, account: parent.ikey, times: Infinity });
      await says(/cannot be listed; the last known list is used/);
      expect(await rig?.told(code)).toMatchObject({ level: 'warn' });
      addTo(one, two);
      await arrived(one, two);
      await rig?.stop();
      addTo(one, two);
      await rig?.start();
      await arrived(one, two);
      duo.setChildren([one, two, three]);
      addTo(three);
      duo.faults.clear();
      await says(/listed again/);
      await arrived(one, two, three);
      expect(report(one, two, three)).toMatchObject({
        lost: [],
        repeated: 0,
        malformed: [],
        unknown: [],
      });
      expect(said.filter(({ level }) => level === 'error')).toEqual([]);
    },
  );

  it('fails at the first start, says that none is known and tries until it comes', async () => {
    const { duo } = await msp();
    addTo(one, two);
    duo.faults.push({ kind: 'status', status: 503, account: parent.ikey, times: Infinity });
    await rig?.start();
    expect(await rig?.told('duo_server_error')).toMatchObject({
      level: 'error',
      sentence: expect.stringContaining('none is known') as string,
    });
    duo.faults.clear();
    await arrived(one, two);
    expect(report(one, two)).toMatchObject({ lost: [], repeated: 0, malformed: [], unknown: [] });
  });
});
