import { describe, expect, it } from 'vitest';
import * as der from '../../src/simulator/der.ts';

const hex = (bytes: Buffer): string => bytes.toString('hex');

describe('DER', () => {
  it('writes short and long lengths', () => {
    expect(hex(der.octetString(Buffer.alloc(127))).slice(0, 4)).toBe('047f');
    expect(hex(der.octetString(Buffer.alloc(128))).slice(0, 6)).toBe('048180');
    expect(hex(der.octetString(Buffer.alloc(300))).slice(0, 8)).toBe('0482012c');
  });

  it('writes integers that are positive and have no needless zeros', () => {
    expect(hex(der.integer(Buffer.from([0])))).toBe('020100');
    expect(hex(der.integer(Buffer.from([0, 0, 5])))).toBe('020105');
    expect(hex(der.integer(Buffer.from([0x80])))).toBe('02020080');
  });

  it('writes object identifiers with arcs of several bytes', () => {
    expect(hex(der.oid('1.2.840.10045.4.3.2'))).toBe('06082a8648ce3d040302');
    expect(hex(der.oid('2.5.29.17'))).toBe('0603551d11');
  });

  it('changes from UTCTime to GeneralizedTime in 2050', () => {
    expect(der.time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString('latin1', 2)).toBe(
      '491231235959Z',
    );
    expect(der.time(Date.UTC(2050, 0, 1)).toString('latin1', 2)).toBe('20500101000000Z');
  });

  it('marks constructed context elements', () => {
    expect(hex(der.tagged(3, der.boolean(true), true))).toBe('a3030101ff');
    expect(hex(der.tagged(2, Buffer.from('a'), false))).toBe('820161');
    expect(hex(der.bitString(Buffer.from([6]), 1))).toBe('03020106');
    expect(hex(der.sequence(der.set(), der.utf8String('é')))).toBe('300631000c02c3a9');
  });
});
