import { describe, expect, it } from 'vitest';
import { PollNews } from '../../src/engine/poll-news.ts';
import { bench, never, recordingLog, rules } from './parts.ts';
import { runFeed } from '../../src/engine/feed.ts';
import { begin } from '../../src/engine/window.ts';

const minuteMs = 60_000;
const underWay = { more: true, whole: false };
const brokenOff = { more: false, whole: false };
const readToItsEnd = { more: false, whole: true };
const endless = expect.objectContaining({ code: 'duo_endless_pages' }) as Error;

function news() {
  const { log, said } = recordingLog();
  return { news: new PollNews('auth > siem', log), said };
}

describe('a poll that has to be broken off', () => {
  it('is trouble the third time in a row, and until one is read to its end', () => {
    const { news: polls } = news();
    const told = [underWay, brokenOff, brokenOff, underWay, brokenOff, underWay, brokenOff];
    const after = [underWay, readToItsEnd, brokenOff];
    expect([...told, ...after].map((page) => polls.page(page, false))).toEqual([
      ...['well', 'well', 'well', 'well', endless],
      ...['unchanged', endless, 'unchanged', 'well', 'well'],
    ]);
  });

  it('is trouble at once when there will be no other', () => {
    const { news: polls } = news();
    expect([underWay, brokenOff].map((page) => polls.page(page, true))).toEqual(['well', endless]);
  });
});

describe('being told by Duo to wait', () => {
  it('is trouble the third time in a row', () => {
    const { news: polls } = news();
    expect([1, 2, 3, 4].map(() => polls.throttled())).toEqual([false, false, true, true]);
    polls.page(underWay, false);
    expect(polls.throttled()).toBe(false);
  });

  it('is shown with the next try, and over with the next page', async () => {
    const parts = bench();
    parts.duo.add(3, parts.clock.startMs - 10_000);
    parts.duo.fault = (call) => (call <= 4 ? 'duo_rate_limited' : undefined);
    const feed = parts.feed('siem');
    parts.stopAfter(20 * minuteMs);
    const start = { cursor: begin(parts.clock.startMs - minuteMs) };
    await runFeed(feed, start, parts.tools(), parts.stop.signal, parts.abandon.signal);
    expect(feed.sink.ids).toEqual(['t0', 't1', 't2']);
    expect(parts.said.map(({ level, fields }) => [level, fields['code']])).toEqual([
      ['warn', 'duo_rate_limited'],
      ['info', undefined],
    ]);
    expect(parts.said[0]?.fields['next_try_seconds']).toBe(240);
  });

  it('ends a run that is to end, after the third time', async () => {
    const parts = bench();
    parts.duo.fault = () => 'duo_rate_limited';
    const feed = parts.feed('siem');
    const start = { cursor: begin(parts.clock.startMs - minuteMs) };
    const tools = parts.tools({ once: true });
    expect(await runFeed(feed, start, tools, never, parts.abandon.signal)).toBe(false);
    expect(parts.duo.asked).toHaveLength(3);
    expect(parts.said).toMatchObject([{ level: 'warn', fields: { code: 'duo_rate_limited' } }]);
  });
});

describe('an event that Duo shows late', () => {
  it('is told when the look-back would not reach it, once, and again when it is half as late again', () => {
    const { news: polls, said } = news();
    for (const minutes of [0, 40, 41, 42, 60, 62, 90, 93]) {
      polls.late({ late: 2, lateByMs: minutes * minuteMs }, rules);
    }
    expect(said.map(({ fields }) => fields['minutes_late'])).toEqual([41, 62, 93]);
    expect(said[0]).toMatchObject({
      level: 'warn',
      fields: { code: 'duo_very_late', feed: 'auth > siem', events: 2 },
    });
    expect(said[0]?.fields['hint']).toMatch(/lookback_minutes to more than 41/);
  });
});
