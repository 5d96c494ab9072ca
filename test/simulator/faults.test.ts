import { describe, expect, it } from 'vitest';
import { createFaults } from '../../src/simulator/faults.ts';

describe('a fault', () => {
  it('happens once unless it says otherwise', () => {
    const faults = createFaults();
    faults.push({ kind: 'stall' });
    expect(faults.next('auth', 'a')?.kind).toBe('stall');
    expect(faults.next('auth', 'a')).toBeUndefined();
  });

  it('happens as often as it says, and only where it says', () => {
    const faults = createFaults();
    faults.push({ kind: 'stall', endpoint: 'auth', account: 'a', times: 2 });
    expect(faults.next('activity', 'a')).toBeUndefined();
    expect(faults.next('auth', 'b')).toBeUndefined();
    expect([1, 2, 3].map(() => faults.next('auth', 'a')?.kind)).toEqual([
      'stall',
      'stall',
      undefined,
    ]);
  });

  it('happens at the requests that it picks by number', () => {
    const faults = createFaults();
    faults.push({ kind: 'truncatedJson', when: (number) => number % 3 === 0 });
    const kinds = [1, 2, 3, 4, 5, 6].map(() => faults.next('auth', 'a')?.kind);
    expect(kinds.map((kind) => kind !== undefined)).toEqual([
      false,
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  it('waits behind an earlier one that is due', () => {
    const faults = createFaults();
    faults.push({ kind: 'cutMidBody' }, { kind: 'cutBeforeHeaders' });
    expect(faults.next('auth', 'a')?.kind).toBe('cutMidBody');
    expect(faults.next('auth', 'a')?.kind).toBe('cutBeforeHeaders');
    faults.push({ kind: 'stall' });
    faults.clear();
    expect(faults.next('auth', 'a')).toBeUndefined();
  });
});
