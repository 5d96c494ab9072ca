import { describe, expect, it } from 'vitest';
import { createWorld } from '../../src/simulator/world.ts';

describe('the simulated world', () => {
  it('keeps one store and one bucket for each account and endpoint', () => {
    const world = createWorld({ rateLimit: { perMinute: 1, rejectedCallsCount: false } });
    expect(world.store('a', 'auth')).toBe(world.store('a', 'auth'));
    expect(world.store('a', 'auth')).not.toBe(world.store('b', 'auth'));
    expect(world.store('a', 'auth')).not.toBe(world.store('a', 'activity'));
    expect(world.bucket('a', 'auth')).toBe(world.bucket('a', 'auth'));
    expect(world.bucket('a', 'auth')).not.toBe(world.bucket('b', 'auth'));
    expect(createWorld({}).bucket('a', 'auth')).toBeUndefined();
  });

  it('knows an Authorization header again', () => {
    let nowMs = 5;
    const world = createWorld({ nowMs: () => nowMs });
    expect(world.firstSeen('x')).toEqual({ again: false, sinceMs: 5 });
    nowMs = 9;
    expect(world.firstSeen('x')).toEqual({ again: true, sinceMs: 5 });
    expect(world.firstSeen('y').again).toBe(false);
  });
});
