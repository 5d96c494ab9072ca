import { describe, expect, it } from 'vitest';
import { resolvePlain } from '../../src/config/yaml-scalars.ts';

// Recorded from PyYAML 6.0.3's full_load, which DLS uses.
const recorded: readonly [source: string, type: string, value: unknown][] = [
  ['y', 'text', 'y'],
  ['n', 'text', 'n'],
  ['yes', 'boolean', true],
  ['No', 'boolean', false],
  ['ON', 'boolean', true],
  ['off', 'boolean', false],
  ['True', 'boolean', true],
  ['tRUE', 'text', 'tRUE'],
  ['1e3', 'text', '1e3'],
  ['1.0e3', 'text', '1.0e3'],
  ['1.0e+3', 'float', 1000],
  ['1e+3', 'text', '1e+3'],
  ['1_000', 'integer', 1000],
  ['017', 'integer', 15],
  ['012345', 'integer', 5349],
  ['0o17', 'text', '0o17'],
  ['0x1F', 'integer', 31],
  ['0b11', 'integer', 3],
  ['08', 'text', '08'],
  ['00', 'integer', 0],
  ['0_', 'integer', 0],
  ['_1', 'text', '_1'],
  ['1__0', 'integer', 10],
  ['+12', 'integer', 12],
  ['-7', 'integer', -7],
  ['12:30:45', 'integer', 45045],
  ['1:2', 'integer', 62],
  ['-1:30', 'integer', -90],
  ['09:30', 'text', '09:30'],
  ['1:60', 'text', '1:60'],
  ['190:20:30.15', 'float', 685230.15],
  ['685_230.15', 'float', 685230.15],
  ['1.0', 'float', 1],
  ['.5', 'float', 0.5],
  ['5.', 'float', 5],
  ['+1.5', 'float', 1.5],
  ['+.5', 'text', '+.5'],
  ['.', 'text', '.'],
  ['.e3', 'text', '.e3'],
  ['.inf', 'float', Number.POSITIVE_INFINITY],
  ['-.INF', 'float', Number.NEGATIVE_INFINITY],
  ['.nan', 'float', Number.NaN],
  ['2020-01-01', 'date', '2020-01-01'],
  ['2020-1-1', 'text', '2020-1-1'],
  ['2001-12-14t21:59:43.10-05:00', 'date', '2001-12-14t21:59:43.10-05:00'],
  ['2001-12-14 21:59:43', 'date', '2001-12-14 21:59:43'],
  ['~', 'null', null],
  ['Null', 'null', null],
  ['', 'null', null],
  ['1.0.0', 'text', '1.0.0'],
  ['10.0.0.5', 'text', '10.0.0.5'],
  ['api-1.duosecurity.com', 'text', 'api-1.duosecurity.com'],
];

describe('a value without quotes', () => {
  it.each(recorded)('%j is read as PyYAML reads it', (source, type, value) => {
    const { type: found, value: read } = resolvePlain(source);
    // A whole number in the form of a float is a number all the same: 120.0 is a timeout.
    const kind =
      type === 'float' && Number.isInteger(value) ? /^(?:float|integer)$/ : new RegExp(`^${type}$`);
    expect(found).toMatch(kind);
    expect(read).toBe(value);
  });
});
