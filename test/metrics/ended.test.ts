import { expect, it } from 'vitest';
import { Ended } from '../../src/metrics/ended.ts';
import { feedMetrics } from '../../src/metrics/feeds.ts';
import { metricsText } from '../../src/metrics/text.ts';
import { Histories } from '../../src/status/history.ts';
import { snapshotOf } from '../../src/status/snapshot.ts';
import { feedPart, nothingKept, parts } from '../status/parts.ts';

function scraper(): (delivered: Readonly<Record<string, number>>) => number | undefined {
  const ended = new Ended();
  return (delivered) => {
    const feeds = Object.entries(delivered).map(([id, count]) =>
      feedPart('auth', { delivered: count }, { id, account: { id, name: id } }),
    );
    const some = parts({ feeds });
    const snapshot = snapshotOf(some, new Histories(), nothingKept);
    const look = { parts: some, kept: nothingKept, snapshot };
    const text = metricsText(feedMetrics, look, { accountLabel: false, ended });
    const found = /^duologsync_events_sent_total\{.*\} (\d+)$/m.exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
}

it('keeps the sum of all accounts from getting smaller when one of them ends', () => {
  const scrape = scraper();
  expect(scrape({ a: 1000, b: 10 })).toBe(1010);
  expect(scrape({ a: 1001 })).toBe(1011);
  expect(scrape({ a: 1002 })).toBe(1012);
});

it('keeps it from getting smaller when a reload makes a feed anew', () => {
  const scrape = scraper();
  scrape({ a: 1000, b: 10 });
  expect(scrape({ a: 0, b: 11 })).toBe(1011);
  expect(scrape({ a: 5, b: 11 })).toBe(1016);
});

it('goes on with the sum when a log is there again that had no feed left', () => {
  const scrape = scraper();
  scrape({ a: 7 });
  expect(scrape({})).toBeUndefined();
  expect(scrape({ b: 1 })).toBe(8);
});

it('counts twice for nobody who asks twice', () => {
  const scrape = scraper();
  scrape({ a: 7 });
  expect([scrape({ b: 1 }), scrape({ b: 1 })]).toEqual([8, 8]);
});
