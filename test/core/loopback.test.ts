import { describe, expect, it } from 'vitest';
import { isLoopback, isLoopbackPeer } from '../../src/core/loopback.ts';

describe('an address of the loopback', () => {
  it('is known from those that others can reach', () => {
    expect(['127.0.0.1', '127.1.2.3', '::1'].every(isLoopback)).toBe(true);
    const others = ['0.0.0.0', '::', '10.0.0.1', '127.evil', '::ffff:127.0.0.1'];
    expect(others.some(isLoopback)).toBe(false);
  });

  it('is known as a peer of a socket for both versions of IP too', () => {
    const here = ['127.0.0.1', '127.1.2.3', '::ffff:127.0.0.1', '::1'];
    const there = ['128.0.0.1', '10.127.0.1', '::ffff:10.0.0.1', '::127.0.0.1', 'fe80::1', '::'];
    expect([...here, ...there].filter(isLoopbackPeer)).toEqual(here);
  });
});
