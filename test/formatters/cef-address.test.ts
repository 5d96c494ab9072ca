import { describe, expect, it } from 'vitest';
import { bareAddress } from '../../src/formatters/cef-address.ts';

describe('The address of a client', () => {
  it.each([
    ['198.51.100.7', '198.51.100.7'],
    [' 198.51.100.7 ', '198.51.100.7'],
    ['0.0.0.0', '0.0.0.0'],
    ['198.51.100.7:1234', '198.51.100.7'],
    ['198.51.100.7.1234', '198.51.100.7'],
    ['2001:db8::5', '2001:db8::5'],
    ['::ffff:198.51.100.7', '::ffff:198.51.100.7'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['[2001:db8::5]', '2001:db8::5'],
    ['[2001:db8::5]:443', '2001:db8::5'],
    ['2001:db8::5#443', '2001:db8::5'],
    ['2001:db8::5p443', '2001:db8::5'],
    ['2001:db8::5 port 443', '2001:db8::5'],
    ['2001:db8::5.443', '2001:db8::5'],
    ['2001:db8:0:1:2:3:4:5:443', '2001:db8:0:1:2:3:4:5'],
  ])('in %j is %s', (text, expected) => {
    expect(bareAddress(text)).toBe(expected);
  });

  it.each([
    '',
    'unknown',
    'host:443',
    '198.51.100',
    '198.51.100.7:',
    '198.51.100.7:123456',
    '[x]:1',
    '2001:db8::zz',
    '1'.repeat(200),
  ])('is not in %j', (text) => {
    expect(bareAddress(text)).toBeUndefined();
  });
});
