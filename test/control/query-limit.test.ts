import { describe, expect, it } from 'vitest';
import { QueryLimit } from '../../src/control/query-limit.ts';
import { never } from '../engine/parts.ts';
import { TestClock } from '../engine/test-clock.ts';

const times = (count: number, ask: (at: number) => boolean): number =>
  Array.from({ length: count }, (_, at) => ask(at)).filter(Boolean).length;

describe('how often other hosts are answered', () => {
  it('is some at once and then two a second for each, who does not take it from another', async () => {
    const clock = new TestClock();
    const limit = new QueryLimit(clock);
    expect(times(50, () => limit.allows('192.0.2.1'))).toBe(10);
    expect(limit.allows('192.0.2.2')).toBe(true);
    await clock.sleep(1_000, never);
    expect(times(50, () => limit.allows('192.0.2.1'))).toBe(2);
  });

  it('is bounded for all of them together, because an address may be false', async () => {
    const clock = new TestClock();
    const limit = new QueryLimit(clock);
    expect(times(5_000, (at) => limit.allows(`host ${at}`))).toBe(100);
    await clock.sleep(1_000, never);
    expect(times(5_000, (at) => limit.allows(`host ${at}`))).toBe(50);
  });
});
