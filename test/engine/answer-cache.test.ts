import { describe, expect, it } from 'vitest';
import { AnswerCache, type Call } from '../../src/engine/answer-cache.ts';

function callOf(key: string): Call {
  return { key, tick: 0, permit: Promise.resolve(), answer: undefined, last: false };
}

describe('the answers that are kept', () => {
  it('never take more than their bound: the oldest go first', () => {
    const cache = new AnswerCache(100);
    const calls = ['a', 'b', 'c'].map(callOf);
    for (const call of calls) {
      cache.add(call);
      cache.keep(call, 40);
    }
    expect(cache.bytes).toBe(80);
    expect(calls.map(({ key }) => cache.get(key)?.key)).toEqual([undefined, 'b', 'c']);
  });

  it('do not include one that is larger than the bound alone', () => {
    const cache = new AnswerCache(100);
    const huge = callOf('huge');
    cache.add(huge);
    cache.keep(huge, 101);
    expect(cache.bytes).toBe(0);
    expect(cache.get('huge')).toBeUndefined();
  });

  it('never push out a call that is still under way', () => {
    const cache = new AnswerCache(100);
    cache.add(callOf('under way'));
    const full = callOf('full');
    cache.add(full);
    cache.keep(full, 200);
    expect(cache.get('under way')).toBeDefined();
  });

  it('give their room back once, however often they are dropped', () => {
    const cache = new AnswerCache(100);
    const call = callOf('a');
    cache.add(call);
    cache.keep(call, 40);
    cache.drop(call);
    cache.drop(call);
    expect(cache.bytes).toBe(0);
  });

  it('are not confused with a newer call of the same key', () => {
    const cache = new AnswerCache(100);
    const [old, fresh] = [callOf('a'), callOf('a')];
    cache.add(old);
    cache.drop(old);
    cache.add(fresh);
    cache.keep(old, 40);
    cache.drop(old);
    expect(cache.bytes).toBe(0);
    expect(cache.get('a')).toBe(fresh);
  });
});
