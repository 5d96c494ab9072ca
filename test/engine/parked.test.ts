import { describe, expect, it } from 'vitest';
import { runFeed } from '../../src/engine/feed.ts';
import { begin } from '../../src/engine/window.ts';
import { bench, FakeSink } from './parts.ts';
import type { FailureCode } from '../../src/duo/failures.ts';

const hourMs = 3_600_000;

/** When Duo was asked, with this many servers at the same or at different places of the log. */
async function callsOf(code: FailureCode, servers: number, apartMs: number) {
  const parts = bench();
  parts.duo.add(5, parts.clock.startMs - 60_000);
  const send = parts.duo.send.bind(parts.duo);
  parts.duo.send = async (request, signal) => {
    const answer = send(request, signal);
    answer.catch(() => undefined);
    // Long enough for another to ask meanwhile.
    await parts.clock.sleep(200, signal);
    return answer;
  };
  let wellAtMs = Infinity;
  const calls: number[] = [];
  parts.duo.fault = () => {
    const nowMs = parts.clock.monotonicMs();
    calls.push(nowMs);
    return nowMs < wellAtMs ? code : undefined;
  };
  const source = parts.source(servers > 1);
  const feeds = Array.from({ length: servers }, (_, n) => parts.feed(`siem${n}`, { source }));
  const running = feeds.map((feed, n) => {
    const start = { cursor: begin(parts.clock.startMs - hourMs - n * apartMs) };
    return runFeed(feed, start, parts.tools(), parts.stop.signal, parts.abandon.signal);
  });
  await parts.clock.sleep(72 * hourMs, parts.stop.signal);
  const refused = [...calls];
  const phases = feeds.map(({ status }) => status.phase);
  wellAtMs = 0;
  await parts.clock.sleep(25 * hourMs, parts.stop.signal);
  parts.stop.abort(new Error('enough'));
  await Promise.all(running);
  const delivered = feeds.map(({ sink }) => (sink instanceof FakeSink ? sink.ids.length : 0));
  return { refused, phases, delivered, said: parts.said };
}

describe('a log that Duo refuses', () => {
  it.each([
    ['duo_forbidden', 1, 0],
    ['duo_forbidden', 2, 0],
    ['duo_forbidden', 3, 60_000],
    ['duo_not_found', 2, 60_000],
    ['duo_bad_request', 2, 0],
  ] as const)(
    'by %s is tested by one call for all %i servers (%i ms apart), ever more seldom',
    async (code, servers, apartMs) => {
      const { refused, phases, delivered } = await callsOf(code, servers, apartMs);
      expect(phases).toEqual(Array(servers).fill('parked'));
      const waits = refused.slice(1).map((ms, i) => ms - (refused[i] ?? 0));
      // Before anything is known, each may have asked.
      const pauses = waits.filter((ms) => ms > 5_000);
      expect(waits.length - pauses.length).toBeLessThan(servers);
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(7.5 * 60_000);
      expect(Math.max(...waits)).toBeLessThanOrEqual(24 * hourMs);
      expect(pauses.length).toBeGreaterThanOrEqual(7);
      expect(pauses.length).toBeLessThanOrEqual(13);
      expect(delivered).toEqual(Array(servers).fill(5));
    },
  );
});
