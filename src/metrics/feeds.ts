import type { FeedPart } from '../status/parts.ts';
import type { SnapshotFeed } from '../status/snapshot.ts';
import { accountLabels, type Metric, type Sample } from './metric.ts';

type Read = (part: FeedPart, shown: SnapshotFeed) => number | null | undefined;

/** Feeds, by account, endpoint and server. */
export const feedMetrics: readonly Metric[] = [
  ofFeeds(
    'events_received_total',
    'counter',
    'sum',
    'Events that Duo gave and that were new.',
    (part) => part.status.received,
  ),
  ofFeeds(
    'events_sent_total',
    'counter',
    'sum',
    'Events that the server has confirmed, as far as its protocol can.',
    (part) => part.status.delivered,
  ),
  ofFeeds(
    'events_late_total',
    'counter',
    'sum',
    'Events that Duo showed late and the look-back found.',
    (part) => part.status.late,
  ),
  ofFeeds(
    'events_dropped_total',
    'counter',
    'sum',
    'Events that could not be delivered and were set aside as dead letters.',
    (part) => part.status.setAside,
  ),
  ofFeeds(
    'gaps_total',
    'counter',
    'sum',
    'Stretches of time that were passed over for good.',
    (part) => part.status.gaps,
  ),
  ofFeeds(
    'feed_failures_total',
    'counter',
    'sum',
    'Tries of a feed that failed.',
    (part) => part.status.errors,
  ),
  ofFeeds(
    'feed_up',
    'gauge',
    'least',
    '1 while nothing holds the feed up, neither Duo nor its server nor a person; else 0.',
    (_, shown) => (shown.problem === null ? 1 : 0),
  ),
  ofFeeds(
    'feed_paused',
    'gauge',
    'greatest',
    '1 while somebody has the feed paused.',
    ({ pausedSinceMs }) => (pausedSinceMs === undefined ? 0 : 1),
  ),
  ofFeeds(
    'feed_lag_seconds',
    'gauge',
    'greatest',
    'How old the oldest event may be that is not confirmed yet.',
    (_, shown) => shown.lag_seconds,
  ),
  ofFeeds(
    'last_event_timestamp_seconds',
    'gauge',
    'greatest',
    'Time of the newest event that was confirmed.',
    (part) => seconds(part.status.lastEventMs),
  ),
  ofFeeds(
    'last_success_timestamp_seconds',
    'gauge',
    // Else one child that Duo refuses for ever would hide that all the others are read.
    'greatest',
    'When a poll was last read to its end.',
    (part) => seconds(part.status.lastCycleMs),
  ),
  ofFeeds(
    'checkpoint_timestamp_seconds',
    'gauge',
    'least',
    'Up to when everything is confirmed.',
    (part) => seconds(part.status.confirmedToMs),
  ),
  {
    name: 'poll_interval_seconds',
    type: 'gauge',
    help: 'The pause between two polls of a feed that has read all; of several feeds the longest.',
    labels: ['endpoint'],
    merge: 'greatest',
    samples: ({ parts }) => longestIntervals(parts.feeds),
  },
  {
    name: 'log_silent',
    type: 'gauge',
    help: '1 while a log has had no event for longer than its `alert_after`; left out while none of it can be read.',
    labels: ['endpoint'],
    merge: 'greatest',
    samples: ({ parts }) =>
      (parts.silences ?? []).flatMap(({ endpoint, isSilent }) =>
        isSilent === undefined ? [] : [{ labels: { endpoint }, value: isSilent ? 1 : 0 }],
      ),
  },
];

function ofFeeds(
  name: string,
  type: 'counter' | 'gauge',
  merge: Metric['merge'],
  help: string,
  read: Read,
): Metric {
  return {
    ...{ name, type, merge, help },
    labels: [...accountLabels, 'endpoint', 'server'],
    samples: ({ parts, snapshot, feedLabels }) =>
      parts.feeds.flatMap((part, index) => {
        const shown = snapshot.feeds[index];
        const value = shown && read(part, shown);
        const labels = feedLabels[index] ?? {};
        return value === undefined || value === null ? [] : [{ labels, value, feed: part.id }];
      }),
  };
}

function longestIntervals(feeds: readonly FeedPart[]): Sample[] {
  const longest = new Map<string, number>();
  for (const { endpoint, intervalMs } of feeds) {
    if (intervalMs === undefined) continue;
    longest.set(endpoint, Math.max(intervalMs, longest.get(endpoint) ?? 0));
  }
  return [...longest].map(([endpoint, ms]) => ({ labels: { endpoint }, value: ms / 1000 }));
}

function seconds(timeMs: number | undefined): number | undefined {
  return timeMs === undefined ? undefined : timeMs / 1000;
}
