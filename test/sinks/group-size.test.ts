import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroupSize } from '../../src/sinks/group-size.ts';

describe('the size of a group', () => {
  it('is half of the group that failed, down to one line, and doubles with every success', () => {
    const size = new GroupSize(1_000);
    const seen: number[] = [];
    for (let n = 0; n < 11; n += 1) {
      size.failed(size.lines);
      seen.push(size.lines);
    }
    expect(seen).toEqual([500, 250, 125, 62, 31, 15, 7, 3, 1, 1, 1]);
    const other = new GroupSize(1_000);
    other.failed(1_000);
    other.failed(500);
    other.succeeded(250);
    expect(other.lines).toBe(500);
    other.succeeded(500);
    expect(other.lines).toBe(1_000);
  });

  it('counts from the group that failed, which may have been smaller than it could be', () => {
    const size = new GroupSize(1_000);
    size.failed(100);
    expect(size.lines).toBe(50);
  });

  it('that a slow server can not take is tried ever more rarely, so that repeats stay a small part', () => {
    const size = new GroupSize(1_000);
    let sent = 0;
    let confirmed = 0;
    while (confirmed < 100_000) {
      const { lines } = size;
      sent += lines;
      if (lines > 100) {
        size.failed(lines);
      } else {
        size.succeeded(lines);
        confirmed += lines;
      }
    }
    expect(sent / confirmed).toBeLessThan(1.2);
  });

  it('is full again after a finite number of successes, whatever happened before', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 300 }), (outcomes) => {
        const size = new GroupSize(1_000);
        for (const wentWell of outcomes) {
          if (wentWell) size.succeeded(size.lines);
          else size.failed(size.lines);
          expect(size.lines).toBeGreaterThanOrEqual(1);
          expect(size.lines).toBeLessThanOrEqual(1_000);
        }
        for (let n = 0; n < 1_000; n += 1) size.succeeded(size.lines);
        expect(size.lines).toBe(1_000);
      }),
    );
  });

  it('grows beyond full while the server keeps up with a backlog, and shrinks back to it after', () => {
    const size = new GroupSize(1_000, 4);
    size.succeeded(1_000, 1);
    expect([size.lines, size.growth]).toEqual([2_000, 2]);
    size.succeeded(1_000, 0.5);
    size.succeeded(4_000, 1);
    expect([size.lines, size.growth]).toEqual([4_000, 4]);
    size.succeeded(1_000, 0.25);
    expect(size.lines).toBe(4_000);
    for (let n = 0; n < 5; n += 1) size.succeeded(1, 0.001);
    expect([size.lines, size.growth]).toEqual([1_000, 1]);
  });

  it('never grows beyond full for a server that is slow, and goes back to it when it becomes slow', () => {
    const size = new GroupSize(1_000, 4);
    for (let n = 0; n < 5; n += 1) size.succeeded(1_000, 1, false);
    expect(size.lines).toBe(1_000);
    size.succeeded(1_000, 1);
    size.succeeded(2_000, 1, false);
    expect(size.lines).toBe(1_000);
  });

  it('beyond full is halved by a failure like any other', () => {
    const size = new GroupSize(1_000, 4);
    size.succeeded(1_000);
    size.succeeded(2_000);
    size.failed(3_300);
    expect([size.lines, size.growth]).toEqual([1_650, 1.65]);
    size.failed(1_650);
    expect([size.lines, size.growth]).toEqual([825, 1]);
  });
});
