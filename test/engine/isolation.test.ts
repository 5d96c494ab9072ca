import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import type { Account } from '../../src/core/types.ts';
import { failure } from '../../src/duo/failures.ts';
import { type Feed, runFeed } from '../../src/engine/feed.ts';
import { begin } from '../../src/engine/window.ts';
import { type Bench, bench } from './parts.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
const child: Account = { id: 'DA1', name: 'child', apiHost: 'child.test' };

function run(parts: Bench, feed: Feed, more: Parameters<Bench['tools']>[0] = {}) {
  const cursor = begin(parts.clock.startMs - hourMs);
  return runFeed(feed, { cursor }, parts.tools(more), parts.stop.signal, parts.abandon.signal);
}

/** A new event each hour. */
function filled(hours: number): Bench {
  const parts = bench();
  parts.duo.add(hours, parts.clock.startMs - minuteMs, hourMs);
  for (const row of parts.duo.rows.splice(0)) {
    parts.duo.rows.push({ ...row, visibleAtMs: row.timeMs });
  }
  return parts;
}

describe("one feed's trouble", () => {
  it('stays in it: parked by a refusal it tests itself after 15 minutes at most, later each day, and goes on by itself', async () => {
    const parts = filled(70);
    const { duo, clock } = parts;
    const [asked, send]: [number[], typeof duo.send] = [[], duo.send.bind(duo)];
    let isForbidden = true;
    duo.send = async (request, signal) => {
      if (request.account.id !== child.id) return send(request, signal);
      asked.push(clock.nowMs());
      if (isForbidden) throw failure('duo_forbidden', 'Access forbidden');
      return send(request, signal);
    };
    const well = parts.feed('siem');
    const parked = parts.feed('other', { source: parts.source(false, undefined, child) });
    const running = [run(parts, well), run(parts, parked)];
    await clock.sleep(40 * hourMs, parts.stop.signal);
    expect(well.status).toMatchObject({ phase: 'running', problem: undefined });
    expect(well.sink.ids.length).toBeGreaterThanOrEqual(40);
    expect(parked.status).toMatchObject({ phase: 'parked' });
    expect(parked.status.sinceMs).toBeLessThan(clock.startMs + minuteMs);
    expect(parked.status.problem).toMatchObject({ code: 'duo_forbidden', remedy: 'park' });
    expect(parked.status.problem?.hint).toMatch(/\w/);
    const nextInMs = (parked.status.nextTryMs ?? 0) - clock.nowMs();
    expect(nextInMs).toBeGreaterThan(0);
    expect(nextInMs).toBeLessThanOrEqual(24 * hourMs);
    const waits = asked.slice(1).map((ms, i) => ms - (asked[i] ?? 0));
    waits.slice(0, 6).forEach((ms, i) => {
      // Half of each wait is chance, so that thousands do not test themselves at once.
      expect(ms).toBeGreaterThanOrEqual(7.5 * minuteMs * 2 ** i);
      expect(ms).toBeLessThanOrEqual(15 * minuteMs * 2 ** i + 5_000);
    });
    expect(Math.max(...waits)).toBeLessThanOrEqual(24 * hourMs + 5_000);
    isForbidden = false;
    await clock.sleep(25 * hourMs, parts.stop.signal);
    expect(parked.status.phase).toBe('running');
    // Their polls are not at the same moment: the newest event may be with one of them only.
    const first60 = Array.from({ length: 60 }, (_, n) => `t${n}`);
    for (const { sink } of [well, parked]) expect(sink.ids.slice(0, 60)).toEqual(first60);
    parts.stop.abort(new Error('enough'));
    await Promise.all(running);
  });

  it('stays in it: with the dead letters full it waits, shown with its next try, and goes on by itself', async () => {
    const parts = filled(2);
    const { clock } = parts;
    let isFull = true;
    const add = async (): Promise<void> => {
      if (isFull) throw new ForwarderError('dead_letter_full', 'no room', { hint: 'Make room.' });
    };
    const format = (): never => {
      throw new Error('no line for it');
    };
    const [poisoned, well] = [parts.feed('siem', { formatter: { format } }), parts.feed('other')];
    const running = [poisoned, well].map((feed) => run(parts, feed, { deadLetters: { add } }));
    await clock.sleep(1.5 * hourMs, parts.stop.signal);
    expect(poisoned.status).toMatchObject({ phase: 'retrying', delivered: 0, setAside: 0 });
    expect(poisoned.status.problem).toMatchObject({ code: 'dead_letter_full', hint: 'Make room.' });
    expect(poisoned.status.nextTryMs).toBeGreaterThan(clock.nowMs());
    expect(well.status).toMatchObject({ phase: 'running', delivered: 2 });
    isFull = false;
    await clock.sleep(1.5 * hourMs, parts.stop.signal);
    expect(poisoned.status).toMatchObject({ phase: 'running', setAside: 2 });
    parts.stop.abort(new Error('enough'));
    await Promise.all(running);
  });
});
