import { describe, expect, it } from 'vitest';
import {
  at,
  inside,
  listAt,
  lowerAt,
  placeAt,
  softwareAt,
  timeAt,
  wordAt,
} from '../../src/endpoints/facts.ts';

describe('A fact', () => {
  it('comes from the first of its places that holds something', () => {
    const read = at('a.b', 'c');
    expect(read({ a: { b: '' }, c: 'x' })).toBe('x');
    expect(read({ a: { b: [] }, c: 'x' })).toBe('x');
    expect(read({ a: { b: false }, c: 'x' })).toBe(false);
    expect(read({ a: 'text' })).toBeUndefined();
  });

  it('never takes a whole for its part', () => {
    const read = at('ip.address', 'ip');
    expect(read({ ip: { address: null, port: 1 } })).toBeUndefined();
    expect(read({ ip: '192.0.2.1' })).toBe('192.0.2.1');
  });

  it('is a time when any of its places can be read as one', () => {
    expect(timeAt('iso', 'seconds')({ iso: 'bad', seconds: 1716552000 })).toBe(1716552000000);
    expect(timeAt('iso')({ iso: 'bad' })).toBeUndefined();
  });

  it('names a browser and a system as far as they are known', () => {
    const read = softwareAt('d');
    const d = { browser: 'Firefox', browser_version: 130, os: 'Windows', os_version: '11' };
    expect(read({ d })).toBe('Firefox 130 (Windows 11)');
    expect(read({ d: { ...d, browser_version: null, os_version: '' } })).toBe('Firefox (Windows)');
    expect(read({ d: { browser: 'Firefox' } })).toBe('Firefox');
    expect(read({ d: { os: 'Windows' } })).toBe('Windows');
    expect(read({ d: null })).toBe('');
  });

  it('names a place as far as it is known', () => {
    const read = placeAt('l');
    expect(read({ l: { city: 'Leeds', state: null, country: 'UK' } })).toBe('Leeds, UK');
    expect(read({})).toBe('');
  });

  it('joins a list, whatever its items are, and leaves what is no list as it is', () => {
    expect(listAt('l')({ l: ['a', null, 'b', 7, ['x'], { c: 1 }] })).toBe('a, b, 7, {"c":1}');
    const summaries = listAt('l', (one) => wordAt(one, 's'), ' ');
    expect(summaries({ l: [{ s: 'One.' }, {}, { s: 'Two.' }] })).toBe('One. Two.');
    expect(listAt('l')({ l: 'text' })).toBe('text');
    expect(listAt('l')({ l: [] })).toBe('');
  });

  it('is found inside a JSON text, and in an object, but not where Object keeps its own', () => {
    expect(inside('d', 'error')({ d: '{"error": "e"}' })).toBe('e');
    expect(inside('d', 'error')({ d: { error: 'e' } })).toBe('e');
    expect(inside('d', 'toString')({ d: '{}' })).toBeUndefined();
    expect(inside('d', 'error')({ d: 'plain {"error": 1}' })).toBeUndefined();
    expect(inside('d', 'error')({ d: '{"error": ' })).toBeUndefined();
  });

  it('is in lower case where outcomes are compared', () => {
    expect(lowerAt('r')({ r: 'FAILURE' })).toBe('failure');
    expect(lowerAt('r')({ r: true })).toBe(true);
  });
});
