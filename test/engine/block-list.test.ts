import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlockList } from '../../src/engine/block-list.ts';

const named = (name: string, id = 'DA1') => ({ id, name, apiHost: 'x.test' });
const blocks = (entry: string, name: string): boolean => createBlockList([entry]).has(named(name));

describe('block_list', () => {
  it.each([
    ['DA1', 'any', true],
    ['da1', 'any', true],
    ['DA', 'any', false],
    ['DA?', 'any', true],
    ['Acme', 'ACME', true],
    ['Acme', 'Acme GmbH', false],
    ['Acme*', 'acme GmbH', true],
    ['*gmbh', 'acme GmbH', true],
    ['*cm*mb*', 'acme GmbH', true],
    ['A?me', 'Acme', true],
    ['A?me', 'Acccme', false],
    ['caf\u00e9', 'Cafe\u0301', true],
    ['x?z', 'x\u{1f600}z', true],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['*', '', true],
    ['', 'any', false],
    [' Acme ', 'Acme', true],
  ])('entry %j and a child named %j: %s', (entry, name, expected) => {
    expect(blocks(entry, name)).toBe(expected);
  });

  it('fits what a regular expression of the same meaning fits', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    const names = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
    fc.assert(
      fc.property(letters, names, (entry, name) => {
        const same = entry.replaceAll('*', '.*').replaceAll('?', '.');
        expect(blocks(entry, name) || blocks(entry, 'DA1')).toBe(
          new RegExp(`^${same}$`, 'su').test(name) || new RegExp(`^${same}$`, 'siu').test('DA1'),
        );
      }),
    );
  });

  it('takes no longer for an entry that fits almost', () => {
    const startMs = performance.now();
    expect(blocks(`${'*a'.repeat(100)}*b`, 'a'.repeat(2000))).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(2000);
  });

  it('names the entries that fit nothing, as they are written', () => {
    const list = createBlockList(['DA1', ' Nobody*', 'acme']);
    expect(list.unused([named('x'), named('ACME', 'DA2')])).toEqual([' Nobody*']);
    expect(list.unused([])).toHaveLength(3);
  });
});
